import type { OrderSide, Product } from '../enums.ts';
import type { TradingSymbol } from '../symbol.ts';

/** Signed shares by symbol and product. */
export type Movements = Map<TradingSymbol, Map<Product | null, number>>;

/** Adds an execution to what positions will move by. */
export function addMovement(
  movements: Movements,
  trade: { symbol: TradingSymbol; product: Product | null; side: OrderSide; quantity: number },
): void {
  const { symbol, product, side, quantity } = trade;
  const products = movements.get(symbol) ?? new Map<Product | null, number>();
  movements.set(symbol, products);
  products.set(product, (products.get(product) ?? 0) + (side === 'BUY' ? quantity : -quantity));
}
