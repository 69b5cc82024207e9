import { defineCommand } from '../../cli/command.ts';
import { day, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { formatRupees, signedRupees } from '../../domain/money.ts';
import { usage } from '../../util/failure.ts';
import { requireOrder } from '../_shared/days.ts';
import { scheduleFlag } from './flags.ts';

export const book = defineCommand({
  effect: 'write',
  multiStep: true,
  repeat: 'once',
  phase: 4,
  singleInstance: true,
  args: {},
  flags: {
    day: optional(day('the trading day (default: today)')),
    since: optional(day('all days from this one on on which someone traded and nothing is booked')),
    until: optional(day('up to this trading day, included (default: today)')),
    user: optional(parsed(userId, 'USER', 'of this user (default: all)')),
    schedule: scheduleFlag,
  },
  fields: {
    day: { type: 'text' },
    user_id: { type: 'text' },
    exchange: { type: 'text' },
    charges_total: { type: 'money' },
    booked: { type: 'money' },
    amount: { type: 'money', kind: 'gain' },
    references: { type: 'json' },
    reason: { type: 'text' },
  },
  answer: ({ day, user_id, exchange, charges_total, amount }) => ({
    done:
      Number(amount) === 0
        ? `Charges of ${user_id} for ${day} on ${exchange} are booked before: ${formatRupees(String(charges_total))}`
        : `Booked charges of ${user_id} for ${day} on ${exchange}: ${signedRupees(amount ?? 0)}, ${formatRupees(String(charges_total))} in all`,
    next: ['charges', 'show', day, '--user', user_id],
  }),
  examples: [
    'charges book',
    'charges book --day 2026-04-01 --user trader_001',
    'charges book --day 2026-04-01 --dry-run',
    'charges book --since 2026-04-01',
  ],
  details: `One movement of money per trader, day and exchange, of kind charge under the reference charges:DAY:EXCHANGE, each day in one transaction:
the capital falls by it. The same again books nothing; after a later fill of that day, or by other rates, the difference is booked under
charges:DAY:EXCHANGE:2 and so on. Where less is due than was booked, charges are countered and what is due is booked anew; so is a charge that
user reverse-flow countered. --since books the days that were missed, each in a transaction of its own. A trader of whom an order has
no rate is named with the reason, and the others are booked: exit 6. booked is what was booked before, and amount that by which the capital rises now. Run it when all
fills of the day are in.`,
  async run(asked, ctx: Context) {
    if (asked.day !== undefined && asked.since !== undefined)
      throw usage('Name a --day or give --since, not both.');
    if (asked.until !== undefined && asked.since === undefined) throw usage('--until needs --since.');
    requireOrder(asked);
    const { bookCharges } = await import('../../trading/charges/book-charges.ts');
    return bookCharges(ctx, asked);
  },
});
