import { type Part, pickFields, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { PositionId } from '../../domain/id.ts';
import { addMoney, NO_RUPEES } from '../../domain/money.ts';
import { filledFields, movedFields, movedOf, tableOf } from '../_shared/related.ts';
import { positionFields } from './fields.ts';

const ABOUT = pickFields(positionFields, [
  ...(['position_id', 'status', 'user_id', 'strategy_id', 'order_id', 'opened_at', 'closed_at'] as const),
]);
const HELD = pickFields(positionFields, [
  ...(['side', 'quantity', 'symbol', 'product', 'average_price', 'current_price', 'marked_at'] as const),
]);
const MADE = { ...pickFields(positionFields, ['unrealized_pnl', 'realized_pnl']), ...movedFields };

/** What a terminal shows of a position: with how its P&L came about, fill by fill. */
export async function positionPage(found: RowOf<typeof positionFields>, ctx: Context): Promise<Part[]> {
  const { positionHistory } = await import('../../trading/positions/position-history.ts');
  const position = found.position_id as PositionId;
  const fills = await positionHistory(await ctx.source(), position);
  let made = NO_RUPEES;
  const trend = fills.map(({ realized_pnl }) => {
    made = addMoney(made, realized_pnl);
    return made;
  });
  const latest = fills.map((fill) => ({ ...fill, symbol: found.symbol })).reverse();
  return [
    { title: 'Position', row: found, fields: ABOUT },
    { title: 'Holding', row: found, fields: HELD },
    { title: 'Profit and loss', row: { ...found, ...movedOf(trend) }, fields: MADE },
    tableOf('Fills', latest, filledFields, 'position', 'history', position),
  ];
}
