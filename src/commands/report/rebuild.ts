import { defineCommand } from '../../cli/command.ts';
import { day, inputFile, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { requireOrder } from '../_shared/days.ts';
import { snapshotFields, takenDown } from './fields.ts';

export const rebuild = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 4,
  singleInstance: true,
  args: {},
  flags: {
    prices: inputFile("closing prices: CSV of date,symbol,close, or NSE's bhavcopy, or - for stdin"),
    since: optional(day('from this trading day on (default: the first of the file)')),
    until: optional(day('up to this trading day, included (default: the last of the file)')),
    user: optional(parsed(userId, 'USER', 'of this user (default: all)')),
  },
  fields: snapshotFields,
  answer: takenDown,
  examples: [
    'report rebuild --prices closing-prices.csv',
    'report rebuild --prices cm30JAN2026bhav.csv.zip --user trader_001',
    'report rebuild --prices closing-prices.csv --since 2026-01-01 --until 2026-01-31',
  ],
  details: `Takes down again what users were worth at the end of each trading day of a range: what they held by their executions, at the closing
prices of a file. It may be compressed (gzip, or ZIP with one file) and of any size. NSE's bhavcopy is read as it is published, before and since July
2024 (UDiFF). A day of a position without a price is incomplete and named, its value unknown and not 0, and the command
ends 6; what was complete stays. Symbols that nobody held are counted. All or nothing.`,
  async run({ prices, ...asked }, ctx: Context) {
    requireOrder(asked);
    const { rebuildSnapshots } = await import('../../trading/equity/rebuild-snapshots.ts');
    return rebuildSnapshots(ctx, { file: prices, ...asked });
  },
});
