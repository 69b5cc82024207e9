import type { PositionId } from '../../domain/id.ts';
import { NO_RUPEES } from '../../domain/money.ts';
import { replay } from '../../domain/replay-position.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { findFills } from './fills.ts';
import { findPosition } from './store.ts';

/** The fills of a position in booking order, with its quantity and average price after each. Throws POSITION_NOT_FOUND. */
export async function positionHistory(source: Source, id: PositionId) {
  await findPosition(source.db, id);
  const fills = (await findFills(source, [id])).get(id) ?? [];
  return replay(id, fills).map(({ fill, shares, position }) => ({
    ...fill,
    quantity: shares,
    // The P&L realized by a flip belongs to the position it closed.
    realized_pnl: fill.position_id === id ? fill.realized_pnl : NO_RUPEES,
    position_quantity: position.quantity,
    average_price: position.average_price,
  }));
}
