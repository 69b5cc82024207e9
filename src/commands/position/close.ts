import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, price, requiredUnless, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { newOrderId, positionId, userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { closingFields, exitDetails, exitPriceFlags } from '../_shared/closing.ts';
import { closeAll } from './close-all.ts';
import { positionFields } from './fields.ts';

export const close = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { position: requiredUnless('all', parsed(positionId, 'POSITION', 'the position')) },
  flags: {
    price: optional(price('rupees per share of the closing fill; without it the order stays PENDING')),
    orderId: optional(parsed(newOrderId, 'ID', 'the id of the order; generated if omitted')),
    brokerFillId: optional(text('ID', "the broker's id of the execution", 100)),
    all: toggle('every open position of a user'),
    user: optional(parsed(userId, 'USER', 'with --all: that user')),
    ...exitPriceFlags,
  },
  fields: {
    ...positionFields,
    ...closingFields,
    problem: { type: 'text', onlyWithFlag: 'all', optional: true },
  },
  answer: ({ closing_order_id, closing_status, symbol, user_id }) => ({
    done: `Closing ${symbol} of ${user_id}: order ${closing_order_id} (${closing_status})`,
    next: ['order', 'show', closing_order_id],
  }),
  examples: [
    'position close pos_01',
    'position close pos_01 --price 4012.50',
    'position close --all --user trader_001 --dry-run',
    'position close --all --user trader_001 --at TCS=4012.50,INFY=1498 --yes',
  ],
  details: `Places the opposite MARKET order for the whole quantity, and with --price books its fill at once. A halt does not block
it, because it only reduces. --all ${exitDetails}`,
  async run({ position, price, orderId, brokerFillId, all, user, at, fromCache }, ctx: Context) {
    const isOfOne = price !== undefined || orderId !== undefined || brokerFillId !== undefined;
    const isOfAll = user !== undefined || at !== undefined || fromCache;
    if (all ? position !== undefined || isOfOne : isOfAll)
      throw usage(
        '--price, --order-id and --broker-fill-id go with a POSITION; --user, --at and --from-cache with --all.',
        'For example: pinnacle position close --all --user trader_001 --at TCS=4012.50',
      );
    if (all) {
      if (user === undefined) throw usage('--all needs --user.', 'Of everyone: pinnacle risk flatten --all');
      return closeAll(ctx, { user, given: at ?? [], fromCache });
    }
    if (position === undefined) throw usage('Name a POSITION.');
    if (brokerFillId !== undefined && price === undefined) throw usage('--broker-fill-id needs --price.');
    const { closePosition } = await import('../../trading/positions/close-position.ts');
    return closePosition(ctx, position, { price, orderId, brokerFillId });
  },
});
