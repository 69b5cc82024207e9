import type { BookOrder, Fill } from './book.ts';
import type { StrategyStatus } from './enums.ts';
import { formatRupees, toPaisa } from './money.ts';
import type { Notice } from './notice.ts';
import type { FilledOrder } from './order-state.ts';

interface FillCircumstances extends Pick<FilledOrder, 'late' | 'overfill'> {
  completes: boolean;
  /** The status of the order's strategy, if it is not ACTIVE. */
  idle: StrategyStatus | undefined;
}

/** The notification of a fill that completes an order, comes after the cancel, exceeds it, or is of an idle strategy. */
export function fillNotice(
  order: BookOrder,
  fill: Fill & { fill_id: string },
  { late, overfill, completes, idle }: FillCircumstances,
): Notice | undefined {
  if (!late && !overfill && !completes && !idle) return undefined;
  const { order_id, user_id, strategy_id, side, symbol, quantity, filled_quantity, filled_price } = order;
  const shares = `${side} ${filled_quantity} of ${quantity} ${symbol}`;
  return {
    user_id,
    notification_type: 'ORDER_FILLED',
    alert_level: overfill ? 'CRITICAL' : late || idle ? 'WARNING' : 'INFO',
    title: `Order ${order_id} ${overfill ? 'overfilled' : completes ? 'filled' : late ? 'filled after its cancel' : 'partially filled'}`,
    message: `${shares} at ${formatRupees(toPaisa(filled_price))}${late ? ', after the order was cancelled' : ''}${idle ? `, while the strategy ${strategy_id} is ${idle}` : ''}.`,
    data: { order_id, fill_id: fill.fill_id },
  };
}

/** The notification of an order that the broker rejected. */
export function rejectNotice(
  order: Pick<BookOrder, 'order_id' | 'user_id' | 'side' | 'quantity' | 'symbol'>,
  reason: string,
): Notice {
  const { order_id, user_id, side, quantity, symbol } = order;
  return {
    user_id,
    notification_type: 'ORDER_REJECTED',
    alert_level: 'ERROR',
    title: `Order ${order_id} rejected`,
    message: `${side} ${quantity} ${symbol}: ${reason}`,
    data: { order_id },
  };
}
