import { type Part, pickFields, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { historyFields } from '../../trading/orders/history.ts';
import { filledFields, heldFields, tableOf } from '../_shared/related.ts';
import { orderWithTerms } from './fields.ts';

const ABOUT = pickFields(orderWithTerms, [
  ...(['order_id', 'status', 'error_message', 'user_id', 'strategy_id', 'created_at', 'updated_at'] as const),
]);
const TERMS = pickFields(orderWithTerms, [
  ...(['side', 'quantity', 'symbol', 'order_type', 'price', 'trigger_price', 'product', 'exchange'] as const),
]);
const FILLED = pickFields(orderWithTerms, [
  ...(['filled_quantity', 'filled_price', 'broker_order_id', 'retry_count'] as const),
]);

type Found = RowOf<typeof orderWithTerms> & { readonly life: readonly RowOf<typeof historyFields>[] };

/** What a terminal shows of an order: with its fills, the positions that they moved, and its life. */
export async function orderPage(found: Found, ctx: Context): Promise<Part[]> {
  const { fillsOf, positionsOfOrder } = await import('../../trading/pages/related.ts');
  const source = await ctx.source();
  const order = found.order_id as OrderId;
  const fills = await fillsOf(source, 'order_id', order);
  const positions = await positionsOfOrder(source, order);
  return [
    { title: 'Order', row: found, fields: ABOUT },
    { title: 'Terms', row: found, fields: TERMS },
    { title: 'Execution', row: found, fields: FILLED },
    tableOf('Fills', fills, filledFields, 'fill', 'list', '--order', order),
    tableOf(
      'Positions',
      positions,
      heldFields,
      'position',
      'list',
      '--user',
      String(found.user_id),
      '--status',
      'any',
    ),
    {
      title: 'Life',
      rows: found.life,
      fields: historyFields,
      all: `pinnacle order show ${order} --json life`,
    },
  ];
}
