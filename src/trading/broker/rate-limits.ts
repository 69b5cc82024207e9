import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import {
  DEFAULT_RATE_LIMITS,
  type LimitedMethod,
  type RateLimit,
  readRateLimit,
} from '../../domain/rate-limits.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';

/** By how much two calls may come closer together on their way than they went out. */
const JITTER_MS = 200;
/** A call that is later than this after its slot takes another one. */
const LATE_MS = 100;
const LONGEST_WAIT_MS = 90_000;

/**
 * Waits until a trader may call a method of the broker: all processes together keep within the limits in any second,
 * minute and hour. Throws RATE_LIMITED where that would take more than a minute and a half.
 */
export async function waitForSlot(ctx: Context, user: UserId, method: LimitedMethod): Promise<void> {
  const { rateLimits } = (await ctx.config()).broker;
  const limits = readRateLimit(rateLimits[method] ?? DEFAULT_RATE_LIMITS[method]) ?? [];
  const db = await ctx.db();
  for (;;) {
    const asked = ctx.now().getTime();
    const waitMs = await takeSlot(db, user, method, limits);
    if (waitMs > LONGEST_WAIT_MS) throw rateLimited(user, waitMs);
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: ctx.signal });
    if (ctx.now().getTime() - asked <= Math.max(0, waitMs) + LATE_MS) return;
  }
}

function rateLimited(user: UserId, waitMs: number): Failure {
  return new Failure(
    'busy',
    'RATE_LIMITED',
    `The broker takes no more calls for ${user} in the next ${Math.ceil(waitMs / 60_000)} minutes.`,
    { hint: 'Run it again after that: it goes on with what is left.', retryable: true },
  );
}

/** Takes the next slot, and says in how many milliseconds it is; one that is too far off is not taken. */
function takeSlot(
  db: Kysely<Database>,
  user: UserId,
  method: LimitedMethod,
  limits: readonly RateLimit[],
): Promise<number> {
  const mine = sql`user_id = ${user} AND method = ${method}`;
  const earliest = limits.map(
    ({ calls, seconds }) => sql`(
      SELECT at + make_interval(secs => ${seconds + JITTER_MS / 1_000}) FROM broker_slots
      WHERE ${mine} ORDER BY at DESC OFFSET ${calls - 1} LIMIT 1)`,
  );
  const span = Math.max(0, ...limits.map(({ seconds }) => seconds)) + 60;
  return db.transaction().execute(async (trx) => {
    // One after the other, so that two processes do not take the same slot.
    await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`broker ${user} ${method}`}, 0))`.execute(trx);
    const { rows } = await sql<{ wait_ms: number }>`
      WITH clock AS (
        SELECT clock_timestamp()::timestamp AS now
      ), next AS (
        SELECT now, greatest(now, ${sql.join(earliest)},
          (SELECT max(at) + interval '1 microsecond' FROM broker_slots WHERE ${mine})) AS at FROM clock
      ), gone AS (
        DELETE FROM broker_slots USING clock WHERE ${mine} AND at < clock.now - make_interval(secs => ${span})
      ), taken AS (
        INSERT INTO broker_slots (user_id, method, at)
        SELECT ${user}, ${method}, at FROM next
        WHERE at <= now + make_interval(secs => ${LONGEST_WAIT_MS / 1_000})
      )
      SELECT (extract(epoch FROM at - now) * 1000)::float8 AS wait_ms FROM next`.execute(trx);
    return rows[0]?.wait_ms ?? 0;
  });
}
