import { defineCommand } from '../../cli/command.ts';
import { parsed, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { type OrderId, orderId } from '../../domain/id.ts';
import type { Drift } from '../../projection/compare.ts';
import { order as orderKind } from '../../projection/kinds/order.ts';
import { findOrder } from '../../trading/ledger/order-store.ts';
import { historyFields, orderHistory } from '../../trading/orders/history.ts';
import { readTerms } from '../../trading/orders/order-terms.ts';
import { orderWithTerms } from './fields.ts';
import { orderPage } from './page.ts';

export const show = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  args: { order: parsed(orderId, 'ORDER', 'the order') },
  flags: { live: toggle('also compare with Redis') },
  fields: {
    ...orderWithTerms,
    life: { type: 'rows', of: historyFields },
    drift: {
      type: 'rows',
      of: { key: { type: 'text' }, detail: { type: 'text' } },
      hidden: true,
      shownWithFlag: 'live',
      optional: true,
    },
  },
  page: orderPage,
  examples: [
    'order show ord_01',
    'order show ord_01 --json status,filled_quantity',
    'order show ord_01 --live --json drift',
  ],
  details: `The column life lists placement, fills and their effect on positions, notifications and audit rows, in time order. With
--live, drift lists the keys in Redis that differ from the book in fields, type or TTL; exits 6 if there are any.`,
  async run({ order, live }, ctx: Context) {
    const db = await ctx.db();
    const found = await findOrder(db, order);
    const source = await ctx.source();
    const terms = await readTerms(source, order);
    const shown = { ...found, ...terms, life: await orderHistory(source, found) };
    if (!live) return shown;
    const drift = await driftOf(order, ctx);
    return drift.length > 0 ? new Finding({ ...shown, drift }) : { ...shown, drift };
  },
});

async function driftOf(order: OrderId, ctx: Context): Promise<Drift[]> {
  const { driftsOf } = await import('../../projection/verify.ts');
  return driftsOf(ctx, orderKind, [order]);
}
