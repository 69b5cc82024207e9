import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { intervalOf, type Limited, type Limits } from '../../domain/retention-periods.ts';
import { clockVerdict } from '../../platform/postgres/clock-skew.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import type { Verdict } from '../../util/verdict.ts';

export interface Cutoffs {
  /** The time before which rows are due, in UTC and to the microsecond, by the server's clock. */
  before: Readonly<Record<Limited, Instant>>;
  /** Whether the server's clock and ours agree. */
  clock: Verdict;
}

/** Reads the server's clock once, for all cutoffs. */
export async function readCutoffs(ctx: Context, limits: Limits): Promise<Cutoffs> {
  const db = await ctx.db();
  // Connects first, so that the connection does not count as latency.
  await sql`SELECT`.execute(db);
  const [sent, started] = [ctx.now(), performance.now()];
  const { server, ...before } = await readClock(db, limits);
  const took = performance.now() - started;
  return { before, clock: clockVerdict(Date.parse(server) - (sent.getTime() + took / 2)) };
}

async function readClock(db: Kysely<Database>, limits: Limits) {
  const ago = (limit: Limited) => sql`c.now - ${intervalOf(limits[limit])}::interval`;
  const { rows } = await sql<Record<Limited | 'server', Instant>>`
    SELECT c.now AS server, ${ago('sessions')} AS sessions, ${ago('riskRules')} AS "riskRules",
      ${ago('notifications')} AS notifications, ${ago('idempotencyKeys')} AS "idempotencyKeys"
    FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS now) c`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('a statement without a table gives one row');
  return row;
}

/** Throws CLOCKS_DIFFER (exit 5): one of the two clocks would delete too much, and it is unknown which. */
export function refuseSkew({ state, detail, help }: Verdict): void {
  if (state === 'fail')
    throw refused(
      'CLOCKS_DIFFER',
      `Nothing is deleted while the clocks differ: ${detail}.`,
      help ?? undefined,
    );
}
