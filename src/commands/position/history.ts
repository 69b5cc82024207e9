import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { positionId } from '../../domain/id.ts';
import { findPosition } from '../../trading/positions/store.ts';

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
    side: { type: 'text' },
    quantity: { type: 'integer' },
    price: { type: 'number' },
    realized_pnl: { type: 'money' },
    position_quantity: { type: 'integer' },
    average_price: { type: 'number' },
  },
  examples: ['position history pos_01', 'position history pos_01 --json fill_id,quantity,price'],
  details: `The fills that made it, in the order of their booking, and what it held after each. Of a fill that closed one position
and opened the next, each shows its part.`,
  async run({ position: id }, ctx: Context) {
    const [{ findFills }, { replay }] = await Promise.all([
      import('../../trading/positions/fills.ts'),
      import('../../domain/replay-position.ts'),
    ]);
    const db = await ctx.db();
    await findPosition(db, id);
    const fills = (await findFills(db, [id])).get(id) ?? [];
    return replay(id, fills).map(({ fill, shares, position }) => ({
      ...fill,
      quantity: shares,
      // What a flip realized belongs to the position it closed.
      realized_pnl: fill.position_id === id ? fill.realized_pnl : '0.00',
      position_quantity: position.quantity,
      average_price: position.average_price,
    }));
  },
});
