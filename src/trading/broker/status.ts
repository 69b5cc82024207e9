import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { BROKER_COLUMNS } from '../../platform/secrets/broker-credentials.ts';
import { findUser } from '../users/store.ts';
import { brokerKind } from './open-broker.ts';

interface Stored {
  user_id: UserId;
  client_code: string | null;
  logged_in_at: Instant | null;
  token_expires_at: Instant | null;
  clock_skew_ms: number | null;
  synced_at: Instant | null;
  sync_problem: string | null;
  unresolved: number;
  missing: string[];
}

/** How things stand at the broker, of one trader or of all who have an account or a credential. Asks the broker nothing. */
export async function brokerStatus(ctx: Context, user: UserId | undefined) {
  const source = await ctx.source();
  needStep(source, BROKER_SINCE_STEP);
  const kind = await brokerKind(ctx);
  if (user !== undefined) await findUser(source.db, user);
  const needed = BROKER_COLUMNS.filter((column) => column !== 'broker_token');
  const absent = needed.map((name) => sql`CASE WHEN u.${sql.ref(name)} = '' THEN ${sql.lit(name)} END`);
  const present = BROKER_COLUMNS.map((name) => sql`u.${sql.ref(name)} <> ''`);
  const chosen =
    user === undefined
      ? sql`a.user_id IS NOT NULL OR c.calls > 0 OR ${sql.join(present, sql` OR `)}`
      : sql`u.user_id = ${user}`;
  const { rows } = await sql<Stored>`
    SELECT u.user_id, a.client_code, a.logged_in_at, a.token_expires_at, a.clock_skew_ms, a.synced_at, a.sync_problem,
      coalesce(c.calls, 0)::int AS unresolved, array_remove(ARRAY[${sql.join(absent)}]::text[], NULL) AS missing
    FROM users u
    LEFT JOIN broker_accounts a ON a.user_id = u.user_id
    LEFT JOIN (SELECT user_id, count(*) AS calls FROM broker_calls WHERE resolved_at IS NULL GROUP BY 1) c
      ON c.user_id = u.user_id
    WHERE ${chosen} ORDER BY u.user_id`.execute(source.db);
  return rows.map(({ missing, ...row }) => ({
    ...row,
    kind,
    sync_problem: row.sync_problem || null,
    missing:
      kind === 'angelone'
        ? [...(row.client_code === null ? ['client code'] : []), ...missing].join(', ')
        : '',
    session: kind === 'angelone' ? sessionOf(row, ctx.now()) : 'none needed',
  }));
}

function sessionOf(
  { token_expires_at: end, clock_skew_ms: skewMs }: Pick<Stored, 'token_expires_at' | 'clock_skew_ms'>,
  now: Date,
): string {
  if (end === null) return 'none';
  return instant(new Date(now.getTime() + (skewMs ?? 0))) < end ? 'valid' : 'expired';
}
