import type { Context } from '../context.ts';
import type { TimeReading } from '../domain/file-values.ts';

/** How an import reads times, which it also says on stderr; the zone is that of the trading day if none is given. */
export async function timeReading(
  ctx: Context,
  { timeZone, dates }: { timeZone: string | undefined; dates: TimeReading['dates'] },
): Promise<TimeReading> {
  const zone = timeZone ?? (await ctx.timeZone());
  const days =
    dates === undefined ? '' : `, dates such as 03/04/2026 as ${dates === 'dmy' ? '3 April' : '4 March'}`;
  await ctx.io.say(`Times without an offset are read in ${zone}${days}.`);
  return { timeZone: zone, dates };
}
