import { Decimal } from './money.ts';

/** What is unrealized of an open position in percent of what it cost, with two decimals; null of one that is closed or cost nothing. */
export function gainPercent(position: {
  quantity: number;
  average_price: number;
  unrealized_pnl: number | string;
}): number | null {
  const cost = new Decimal(position.average_price).times(position.quantity).abs();
  return cost.eq(0) ? null : Number(new Decimal(position.unrealized_pnl).times(100).div(cost).toFixed(2));
}
