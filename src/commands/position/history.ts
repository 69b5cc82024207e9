import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { positionId } from '../../domain/id.ts';

export const history = defineCommand({
  effect: 'read',
  phase: 2,
  args: { position: parsed(positionId, 'POSITION', 'the position') },
  flags: {},
  fields: {
    fill_id: { type: 'text' },
    order_id: { type: 'text' },
    broker_fill_id: { type: 'text', hidden: true },
    executed_at: { type: 'time' },
    side: { type: 'text', kind: 'state' },
    quantity: { type: 'integer' },
    price: { type: 'number', kind: 'price' },
    realized_pnl: { type: 'money', kind: 'gain' },
    position_quantity: { type: 'integer' },
    average_price: { type: 'number', kind: 'price' },
  },
  examples: ['position history pos_01', 'position history pos_01 --json fill_id,quantity,price'],
  details: `The fills of the position in booking order, and its quantity and average price after each. A fill that closed one
position and opened the next appears in both, each with its part.`,
  async run({ position }, ctx: Context) {
    const { positionHistory } = await import('../../trading/positions/position-history.ts');
    return positionHistory(await ctx.source(), position);
  },
});
