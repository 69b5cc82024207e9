import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { dayAfter } from '../../domain/day.ts';
import type { Instant } from '../../domain/instant.ts';
import {
  type EquityDay,
  EXCHANGE,
  LOOK_BACK_DAYS,
  snapshotDay,
} from '../../domain/performance/snapshot-day.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { readDays } from '../calendar/store.ts';
import { refuseFuture } from '../flows/move-money.ts';
import { localTime, TODAY } from '../trading-day.ts';

/**
 * The day whose equity is taken down at this moment, by the clock of the database and the calendar. Throws a usage error that names the
 * flag for a day that is still to come.
 */
export async function readEquityDay(
  ctx: Context,
  source: Source,
  asked: string | undefined,
  flag: string,
): Promise<EquityDay> {
  const { rows } = await sql<{ now: Instant; today: string; executed: string | null }>`
    SELECT clock_timestamp()::timestamp AS now, to_char(${TODAY}, 'YYYY-MM-DD') AS today,
      (SELECT to_char(${localTime(sql`max(executed_at)`, source)}, 'YYYY-MM-DD') FROM order_fills) AS executed`.execute(
    source.db,
  );
  const [moment] = rows;
  if (!moment) throw new Error('a statement without FROM gives one row');
  if (asked !== undefined) refuseFuture(asked, moment.today, flag);
  const { staleAfterMs } = (await ctx.config()).market;
  const from = dayAfter(asked ?? moment.today, -LOOK_BACK_DAYS);
  const calendar = await readDays(source, EXCHANGE, { from, to: moment.today });
  return snapshotDay({ ...moment, asked, staleAfterMs }, calendar);
}
