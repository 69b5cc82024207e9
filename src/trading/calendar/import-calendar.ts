import { changedIf } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { INSTRUMENTS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { readCalendarFile } from './read-calendar.ts';
import { removeOthers, writeDays } from './store.ts';

interface CalendarRequest {
  path: string;
  exchange: string;
  /** The circular that says so, where the file does not. */
  source: string | undefined;
  /** Whether other days of the years of the file go. */
  replace: boolean;
}

/** Imports the days of an exchange in one transaction. Throws a usage error for a file with anything wrong in it. */
export async function importCalendar(ctx: Context, { path, exchange, source, replace }: CalendarRequest) {
  needStep(await ctx.source(), INSTRUMENTS_SINCE_STEP);
  const { days, source: own } = await readCalendarFile(path, ctx);
  const from = source ?? own;
  return ctx.change(async (trx) => {
    const removed = replace ? await removeOthers(trx, exchange, days) : [];
    const { added, changed } = await writeDays(trx, exchange, days, from);
    const result = {
      exchange,
      days: days.length,
      holidays: days.filter(({ kind }) => kind === 'HOLIDAY').length,
      special: days.filter(({ kind }) => kind === 'SPECIAL').length,
      added,
      changed,
      removed: removed.length,
      source: from,
    };
    const body = { ...result, removed, from_day: days.map(({ day }) => day).sort()[0] ?? null };
    return changedIf(added + changed + removed.length > 0, result, `calendar ${exchange}`, body);
  });
}
