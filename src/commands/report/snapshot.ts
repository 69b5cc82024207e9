import { defineCommand } from '../../cli/command.ts';
import { day, formerly, optional } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { snapshotFields, takenDown } from './fields.ts';

export const snapshot = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 4,
  singleInstance: true,
  args: {
    day: formerly(
      'flag',
      optional(
        day('the trading day (default: the latest on which trading began, or something was executed)'),
      ),
    ),
  },
  flags: {},
  fields: snapshotFields,
  answer: takenDown,
  examples: ['report snapshot', 'report snapshot 2026-01-30 --json day,incomplete,unpriced'],
  details: `Takes down what every user is worth at the end of a trading day: capital as the ledger has it, and open positions at their
marks. A mark counts if it was fresh (market.staleAfter) when trading ended. A position without one makes the day of its user
incomplete: its symbol is named, the value is unknown and not 0, and the command ends 6. The same again writes nothing; what is
new replaces the row. A complete row is not replaced by an incomplete one. For days that are long over, see report rebuild.`,
  async run({ day }, ctx: Context) {
    const { takeSnapshots } = await import('../../trading/equity/take-snapshots.ts');
    return takeSnapshots(ctx, day);
  },
});
