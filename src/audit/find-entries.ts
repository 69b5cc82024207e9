import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { UserId } from '../domain/id.ts';
import type { Instant } from '../domain/instant.ts';
import type { SchemaPhase } from '../platform/postgres/schema-phase.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { AUDIT_COLUMNS } from './columns.ts';
import { requireKnown } from './require-known.ts';

/** Which entries: about users, by a role, of commands, about one thing, written within a time. */
interface Filter {
  user: readonly UserId[] | undefined;
  actor: string | undefined;
  command: readonly string[] | undefined;
  target: string | undefined;
  since: Instant | undefined;
  until: Instant | undefined;
}

/** The query for the entries that match, and a check that throws AUDIT_ENTRY_NOT_FOUND where none ever could. */
export function findEntries(
  db: Kysely<Database>,
  phase: SchemaPhase,
  { user, actor, command, target, since, until }: Filter,
) {
  let entries = db.selectFrom('audit_log').select(AUDIT_COLUMNS);
  if (user) entries = entries.where(isAbout(user, phase));
  if (actor) entries = entries.where('actor', '=', actor);
  if (command) entries = entries.where('command', 'in', command);
  if (target) entries = entries.where('target', '=', target);
  if (since) entries = entries.where('at', '>=', since);
  if (until) entries = entries.where('at', '<', until);
  return { entries, check: () => requireKnown(db, { actor, command, target }) };
}

/** The rows of users that an entry can be about, the column of their id, and the phase that has them. */
const OF_USERS = [
  ['order', 'orders', 'order_id', 1],
  ['position', 'positions', 'position_id', 2],
  ['session', 'trading_sessions', 'session_id', 3],
  ['notification', 'notifications', 'notification_id', 3],
] as const;

/** A condition on an entry: that it is about one of these users, or about an order, position, session or notification of theirs. */
export function isAbout(users: readonly UserId[], phase: SchemaPhase): RawBuilder<boolean> {
  const own = users.map((user) => sql`SELECT ${`user ${user}`}`);
  const theirs = OF_USERS.filter(([, , , since]) => phase >= since).map(
    ([kind, table, id]) => sql`
      SELECT ${sql.lit(`${kind} `)} || ${sql.ref(id)} FROM ${sql.table(table)} WHERE user_id IN (${sql.join([...users])})`,
  );
  return sql<boolean>`target IN (${sql.join([...own, ...theirs], sql` UNION ALL `)})`;
}
