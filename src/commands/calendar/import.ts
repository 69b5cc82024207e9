import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { choice, inputFile, optional, text, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { calendarOf } from '../../domain/trading-calendar.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { parts } from '../_shared/parts.ts';

export const importDays = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: { file: inputFile('JSON or CSV, or - for stdin') },
  flags: {
    exchange: withDefault(
      choice(EXCHANGES, 'EXCHANGE', 'whose days they are; those of NSE are those of NFO'),
      'NSE',
    ),
    source: optional(text('TEXT', 'the circular that says so (default: as the file says, or its name)', 500)),
    replace: toggle('other days of the years in the file go: it has all of them'),
  },
  fields: {
    exchange: { type: 'text' },
    days: { type: 'integer' },
    holidays: { type: 'integer' },
    special: { type: 'integer' },
    added: { type: 'integer' },
    changed: { type: 'integer' },
    removed: { type: 'integer' },
    source: { type: 'text', hidden: true },
  },
  answer: ({ exchange, days, holidays, special, added, changed, removed }) => ({
    done: `Imported ${pluralize(Number(days), 'day')} of ${exchange} (${parts({ [holidays === 1 ? 'holiday' : 'holidays']: holidays, 'with hours of their own': special })}): ${parts({ added, changed, removed })}`,
    next: ['calendar', 'show', ...(exchange === 'NSE' ? [] : ['--exchange', exchange])],
  }),
  examples: [
    'calendar import holidays-2027.csv --source "NSE circular of December 2026"',
    'calendar import mcx-2027.json --exchange MCX --replace',
  ],
  details: `CSV: date,name[,kind,open,close,weekday]; kind is HOLIDAY or SPECIAL, a day that trades from open to close, HH:MM in Asia/Kolkata.
JSON: {"source": …, "holidays": [{"date", "weekday", "name"}], "special": [{"date", "name", "session_ist": ["18:00", "19:15"]}]}.
A weekday that is not that of its date, a day that is there twice and hours that are reversed refuse the whole file. The same days
again change nothing. No days come with the program: they are what an exchange publishes each December.`,
  async run({ file, exchange, source, replace }, ctx: Context) {
    if (calendarOf(exchange) !== exchange)
      throw usage(
        `${exchange} has the days of ${calendarOf(exchange)}.`,
        `Give --exchange ${calendarOf(exchange)}.`,
      );
    const { importCalendar } = await import('../../trading/calendar/import-calendar.ts');
    const path = file === '-' ? file : resolve(ctx.cwd, file);
    return importCalendar(ctx, { path, exchange, source, replace });
  },
});
