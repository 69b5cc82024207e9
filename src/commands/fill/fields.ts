import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { amountText, formatRupees, signedRupees } from '../../domain/money.ts';

/** An execution that was taken back or corrected, the order after it, and what moved. */
export const correctionFields = {
  fill_id: { type: 'text' },
  order_id: { type: 'text' },
  user_id: { type: 'text' },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  quantity: { type: 'integer' },
  price: { type: 'number', kind: 'price' },
  executed_at: { type: 'time' },
  status: { type: 'text', kind: 'state' },
  filled_quantity: { type: 'integer' },
  filled_price: { type: 'number', kind: 'price' },
  credited: { type: 'money', kind: 'gain' },
  positions: { type: 'integer' },
} as const satisfies Fields;

/** An execution in a question to the operator: `BUY 10 TCS at ₹4,000.00 of order ord_01`. */
export const terms = (fill: {
  side: string;
  quantity: number;
  symbol: string;
  price: number;
  order_id: string;
}) =>
  `${fill.side} ${fill.quantity} ${fill.symbol} at ${formatRupees(amountText(fill.price))} of order ${fill.order_id}`;

/** What became of an execution, and what that moved. */
export const corrected =
  (done: string) =>
  (fill: RowOf<typeof correctionFields>): Answer => ({
    done: `${done} ${fill.fill_id}: ${terms(fill as Parameters<typeof terms>[0])}, ${signedRupees(fill.credited ?? 0)} for ${fill.user_id}`,
    next: ['order', 'show', fill.order_id],
  });
