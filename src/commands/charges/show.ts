import { defineCommand } from '../../cli/command.ts';
import { choice, day, formerly, optional, parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { scheduleFlag } from './flags.ts';

export const show = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: { day: formerly('flag', day('the trading day')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user')),
    by: withDefault(choice(['exchange', 'symbol'], 'WHAT', 'what a row stands for'), 'exchange'),
    schedule: scheduleFlag,
  },
  fields: {
    user_id: { type: 'text' },
    exchange: { type: 'text' },
    symbol: { type: 'text' },
    orders: { type: 'integer' },
    turnover: { type: 'money' },
    brokerage: { type: 'money' },
    stt: { type: 'money' },
    transaction: { type: 'money' },
    sebi: { type: 'money' },
    stamp: { type: 'money' },
    ipft: { type: 'money' },
    gst: { type: 'money' },
    dp: { type: 'money' },
    charges_total: { type: 'money' },
    booked: { type: 'money' },
    reason: { type: 'text' },
  },
  madeBy: 'order fill',
  examples: [
    'charges show 2026-04-01',
    'charges show 2026-04-01 --user trader_001 --by symbol --json symbol,charges_total',
  ],
  details: `Computed from the fills of the trading day, each levy rounded as on a contract note: one of each trader and exchange, where NFO and
BFO are derivatives. Shares that are bought and sold on the day are intraday, the rest is delivered. An order that names no product or
exchange has that of broker.product and broker.exchange. Fills that only adjust a position to the broker are left out. --by symbol splits
each levy to the paisa. booked is what charges book has booked of it. A trader of whom an order
has no rate is named with the reason: exit 6.`,
  async run({ day, user, by, schedule }, ctx: Context) {
    const { showCharges } = await import('../../trading/charges/show-charges.ts');
    if (user !== undefined) await findUser(await ctx.db(), user);
    return showCharges(ctx, { day, user, by, schedule });
  },
});
