import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, price, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { newOrderId, positionId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { positionFields } from './fields.ts';

export const close = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { position: parsed(positionId, 'POSITION', 'the position') },
  flags: {
    price: optional(price('rupees per share of the closing fill; without it the order stays PENDING')),
    orderId: optional(parsed(newOrderId, 'ID', 'the id of the order; generated if omitted')),
    brokerFillId: optional(text('ID', "the broker's id of the execution", 100)),
  },
  fields: {
    ...positionFields,
    closing_order_id: { type: 'text' },
    closing_status: { type: 'text', kind: 'state' },
    credited: { type: 'money', kind: 'gain' },
  },
  answer: ({ position_id, closing_order_id, closing_status, symbol, user_id }) => ({
    done: `Closing ${position_id} of ${user_id}: order ${closing_order_id} for ${symbol} (${closing_status})`,
    next: ['order', 'show', closing_order_id],
  }),
  examples: ['position close pos_01', 'position close pos_01 --price 4012.50'],
  details: `Places the opposite MARKET order for the whole quantity, and with --price books its fill at once. A halt does not block
it, because it only reduces.`,
  async run({ position, price, orderId, brokerFillId }, ctx: Context) {
    if (brokerFillId !== undefined && price === undefined) throw usage('--broker-fill-id needs --price.');
    const { closePosition } = await import('../../trading/positions/close-position.ts');
    return closePosition(ctx, position, { price, orderId, brokerFillId });
  },
});
