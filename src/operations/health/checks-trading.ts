import { sql } from 'kysely';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check, CheckContext } from './check.ts';

/** How long something may stay as it is before somebody should look. */
const LATE_MS = 15 * 60_000;

/** Things that should not be there any more: how many, the oldest, and how long ago it came, milliseconds. */
interface Leftover {
  n: string;
  example: string | null;
  age: number | null;
}

const AGE = (at: string) =>
  sql`(extract(epoch FROM clock_timestamp() - min(${sql.ref(at)}) AT TIME ZONE 'UTC') * 1000)::float8 AS age`;

function leftoverVerdict({ n, example, age }: Leftover, what: string, help: string, none: string): Verdict {
  if (Number(n) === 0) return ok(none);
  const oldest = [example, age === null ? '' : formatDuration(age)].filter(Boolean).join(', ');
  return warn(`${Number(n).toLocaleString('en-IN')} ${what}${oldest && `, the oldest: ${oldest}`}`, help);
}

async function ask({ db }: CheckContext, query: ReturnType<typeof sql<Leftover>>): Promise<Leftover> {
  const { rows } = await query.execute(db);
  return rows[0] ?? { n: '0', example: null, age: null };
}

/** Every entry is sealed by the write that follows it: what is not, nobody would miss. */
export const sealing: Check = {
  phase: 1,
  async look(scene) {
    const found = await ask(
      scene,
      sql<Leftover>`
        SELECT count(*) AS n, NULL AS example, ${AGE('l.at')} FROM audit_log l
        WHERE l.txid >= (SELECT coalesce(max(txid), '0') FROM (SELECT txid FROM audit_seals ORDER BY seq DESC LIMIT 1) s)
          AND l.at < now() AT TIME ZONE 'UTC' - interval '15 minutes'
          AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)`,
    );
    return leftoverVerdict(found, 'entries have no seal', 'pinnacle audit seal', 'every entry has its seal');
  },
  async fix({ ctx, db }) {
    const { sealAll } = await import('../../audit/seal-store.ts');
    while ((await sealAll(db, 10_000)) > 0) ctx.signal.throwIfAborted();
  },
};

export const outbox: Check = {
  phase: 1,
  async look({ ctx, db }) {
    const { countPending } = await import('../../audit/outbox.ts');
    const { pending, oldest } = await countPending(db);
    if (pending === 0 || oldest === null) return ok('nothing waits for Redis');
    const waiting = `${pluralize(pending, 'change')} waiting for Redis since ${oldest}`;
    // One that was committed a moment ago is on its way.
    const late = ctx.now().getTime() - Date.parse(oldest) > 60_000;
    return late ? warn(waiting, 'pinnacle realtime drain') : ok(waiting);
  },
  async fix({ ctx, db }) {
    const { drainAll } = await import('../../projection/project.ts');
    await drainAll(db, await ctx.redis(), ctx.now, ctx.signal);
  },
};

/** A PENDING order is one whose way to the broker nobody has confirmed. */
export const orders: Check = {
  phase: 1,
  async look(scene) {
    const found = await ask(
      scene,
      sql<Leftover>`
        SELECT count(*) AS n, min(order_id) AS example, ${AGE('updated_at')} FROM orders
        WHERE status = 'PENDING' AND NOT imported
          AND updated_at < now() AT TIME ZONE 'UTC' - ${LATE_MS / 60_000} * interval '1 minute'`,
    );
    return leftoverVerdict(
      found,
      `PENDING for more than ${formatDuration(LATE_MS)}`,
      'pinnacle order list --status PENDING; then order accept, reject or cancel',
      'none is stuck PENDING',
    );
  },
};

export const sessions: Check = {
  phase: 3,
  async look(scene) {
    const { tradingDayOf } = await import('../../trading/risk/trading-day.ts');
    const { dayStart } = await tradingDayOf(scene.ctx.now(), scene.ctx);
    const found = await ask(
      scene,
      sql<Leftover>`
        SELECT count(*) AS n, min(user_id) AS example, ${AGE('start_time')} FROM trading_sessions
        WHERE status = 'ACTIVE' AND start_time < ${dayStart}::timestamp`,
    );
    return leftoverVerdict(
      found,
      'of an earlier day still ACTIVE',
      'pinnacle session end --all',
      'none of an earlier day',
    );
  },
};

/** As the last `risk check` left them. */
export const rules: Check = {
  phase: 4,
  async look(scene) {
    const found = await ask(
      scene,
      sql<Leftover>`
        SELECT count(*) AS n, min(user_id) AS example, NULL AS age FROM risk_rules
        WHERE violation_message LIKE '%: cannot evaluate without %'`,
    );
    return leftoverVerdict(found, 'cannot be evaluated', 'pinnacle risk check', 'each can be evaluated');
  },
};

export const partitions: Check = {
  phase: 1,
  async look({ ctx, db, kind }) {
    if (kind === 'embedded') return ok('orders is one table');
    const [{ lastBound, readPartitions }, { monthOf, timeOf }] = await Promise.all([
      import('../partitions/layout.ts'),
      import('../partitions/months.ts'),
    ]);
    const found = await readPartitions(db);
    if (!found) return ok('orders is one table');
    const end = timeOf(lastBound(found));
    const until = `of orders until ${end?.toISOString().slice(0, 10)}`;
    return end && end < monthOf(ctx.now(), 2).start ? warn(until, 'pinnacle partition ensure') : ok(until);
  },
};
