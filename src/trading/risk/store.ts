import { type Kysely, sql } from 'kysely';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound, usage } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';

export const RULE_COLUMNS = [
  'rule_id',
  'user_id',
  'rule_type',
  'rule_value',
  'current_value',
  'is_violated',
  'violation_message',
  'created_at',
  'updated_at',
] as const;

/** The rules of users that are of these types, by user and in the order of the types. */
export async function findRules(
  db: Kysely<Database>,
  wanted: readonly { user_id: UserId; rule_type: RuleType }[],
) {
  if (wanted.length === 0) return [];
  return db
    .selectFrom('risk_rules')
    .select(RULE_COLUMNS)
    .where('user_id', '=', (eb) =>
      eb.fn<UserId>('any', [eb.val([...new Set(wanted.map(({ user_id }) => user_id))])]),
    )
    .where('rule_type', 'in', [...new Set(wanted.map(({ rule_type }) => rule_type))])
    .orderBy('user_id')
    .orderBy('rule_type')
    .execute();
}

export type Rule = Awaited<ReturnType<typeof findRules>>[number];

/** The active halts that apply to a user, the one of everyone first; all active halts if no user is named. */
export function findActiveHalts(db: Kysely<Database>, userId: UserId | undefined) {
  let halts = db
    .selectFrom('trading_halts')
    .select(['halt_id', 'user_id', 'reason', 'halted_by', 'halted_at'])
    .where('resumed_at', 'is', null);
  if (userId !== undefined)
    halts = halts.where((eb) => eb.or([eb('user_id', 'is', null), eb('user_id', '=', userId)]));
  return halts.orderBy('user_id', (order) => order.asc().nullsFirst()).execute();
}

export type ActiveHalt = Awaited<ReturnType<typeof findActiveHalts>>[number];

/** A halt, and when it was lifted; null while it is active. */
export type AnyHalt = ActiveHalt & { resumed_at: Instant | null };

/**
 * The halt of an id or, with that reason, the only one. Throws HALT_NOT_FOUND with the latest that were lifted, and a usage
 * error if several have the reason.
 */
export async function findHalt(db: Kysely<Database>, named: string): Promise<AnyHalt> {
  const { rows } = await sql<AnyHalt>`
    SELECT halt_id, user_id, reason, halted_by, halted_at, resumed_at FROM trading_halts
    WHERE halt_id = ${named} OR reason = ${named} ORDER BY halted_at DESC LIMIT 6`.execute(db);
  const found = rows.find(({ halt_id }) => halt_id === named) ?? rows[0];
  if (!found) throw notFound('halt', named, await latestHalts(db));
  if (found.halt_id !== named && rows.length > 1)
    throw usage('Several halts have this reason.', `Name one by its id: ${rows.map(inWords).join('; ')}`);
  return found;
}

/** The latest halts that were lifted, for a hint. */
export async function latestHalts(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<AnyHalt>`
    SELECT halt_id, user_id, reason, halted_by, halted_at, resumed_at FROM trading_halts
    WHERE resumed_at IS NOT NULL ORDER BY resumed_at DESC LIMIT 3`.execute(db);
  return rows.length === 0 ? 'No halt was lifted yet.' : `Lifted last: ${rows.map(inWords).join('; ')}`;
}

const inWords = ({ halt_id, user_id, reason, halted_at }: AnyHalt) =>
  `${halt_id} of ${user_id ?? 'everyone'} since ${halted_at} (${truncate(reason)})`;
