import type { BookPosition } from './book.ts';
import type { Instant } from './instant.ts';
import { meanPrice } from './money.ts';
import { unrealized } from './position.ts';

/** Signed shares of a row. Another program may write the shares of a short position with a sign. */
export const signedShares = ({ side, quantity }: Pick<BookPosition, 'side' | 'quantity'>): number =>
  side === 'LONG' ? quantity : -Math.abs(quantity);

/** OPEN rows of one user, symbol, strategy and product as one. */
export interface Netted {
  /** The one that goes on; undefined if none holds shares. */
  open: BookPosition | undefined;
  /** Rows whose shares are in the other one now, or that had none: CLOSED. */
  emptied: BookPosition[];
}

/**
 * Nets OPEN rows that other programs wrote, one after the other or with odd quantities, into one: the one that executions
 * made, else the oldest, with the mean of their prices, so that neither cost nor unrealized P&L moves. Undefined where some
 * are long and some short: netting these would realize something.
 */
export function netOpenRows(rows: readonly BookPosition[], at: Instant): Netted | undefined {
  const holding = rows.filter((row) => row.quantity !== 0);
  const isLong = holding.map((row) => signedShares(row) > 0);
  if (isLong.includes(true) && isLong.includes(false)) return undefined;
  const kept = holding.find(({ exact }) => exact) ?? holding[0];
  const emptied = rows.filter((row) => row !== kept).map((row) => empty(row, at));
  if (!kept) return { open: undefined, emptied };
  const side: BookPosition['side'] = isLong[0] ? 'LONG' : 'SHORT';
  if (holding.length === 1 && kept.quantity > 0) return { open: kept, emptied };
  const lots = holding.map(({ quantity, average_price, current_price }) => ({
    quantity: Math.abs(quantity),
    average_price,
    current_price,
  }));
  const quantity = lots.reduce((sum, lot) => sum + lot.quantity, 0);
  const meanOf = (price: 'average_price' | 'current_price') =>
    lots.reduce(
      (sum, lot) => ({
        price: meanPrice(sum, { quantity: lot.quantity, price: lot[price] }),
        quantity: sum.quantity + lot.quantity,
      }),
      { quantity: 0, price: 0 },
    ).price;
  const average_price = meanOf('average_price');
  const current_price = meanOf('current_price');
  const values = { side, quantity, average_price, current_price };
  return {
    open: { ...kept, ...values, unrealized_pnl: unrealized(values, current_price), exact: undefined },
    emptied,
  };
}

const empty = (row: BookPosition, at: Instant): BookPosition => ({
  ...row,
  quantity: 0,
  unrealized_pnl: 0,
  status: 'CLOSED',
  closed_at: row.closed_at ?? at,
  updated_at: at,
});
