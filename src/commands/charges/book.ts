import { defineCommand } from '../../cli/command.ts';
import { day, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { scheduleFlag } from './flags.ts';

export const book = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  singleInstance: true,
  args: {},
  flags: {
    day: optional(day('the trading day (default: today)')),
    user: optional(parsed(userId, 'USER', 'of this user (default: all)')),
    schedule: scheduleFlag,
  },
  fields: {
    user_id: { type: 'text' },
    exchange: { type: 'text' },
    charges_total: { type: 'money' },
    booked: { type: 'money' },
    amount: { type: 'money' },
    references: { type: 'json' },
  },
  examples: [
    'charges book',
    'charges book --day 2026-04-01 --user trader_001',
    'charges book --day 2026-04-01 --dry-run',
  ],
  details: `One movement of money per trader, day and exchange, of kind charge under the reference charges:DAY:EXCHANGE, all in one transaction:
the capital falls by it. The same again books nothing; after a later fill of that day, or by other rates, the difference is booked under
charges:DAY:EXCHANGE:2 and so on. Where less is due than was booked, charges are countered and what is due is booked anew; so is a charge that
user reverse-flow countered. booked is what was booked before, and amount that by which the capital rises now. Run it when all
fills of the day are in.`,
  async run({ day, user, schedule }, ctx: Context) {
    const { bookCharges } = await import('../../trading/charges/book-charges.ts');
    return bookCharges(ctx, { day, user, schedule });
  },
});
