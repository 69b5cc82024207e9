import { mintId, type OrderId, type UserId } from '../../domain/id.ts';
import { signedShares } from '../../domain/net-positions.ts';
import type { NewOrder } from '../ledger/insert-orders.ts';
import type { TradingDay } from '../trading-day.ts';
import type { ExitPrices } from './exit-prices.ts';
import type { OpenPosition } from './lock-open.ts';

/** What is done about a position: an order, nothing as one is on its way, or why nothing can be. */
export type Exit =
  | { order: NewOrder }
  | { working: OrderId; status: string | null }
  | { problem: string; by: OrderId | null };

interface Plan {
  prices: ExitPrices | undefined;
  /** Whether fills at these prices are booked at once. */
  books: boolean;
  /** Whose fills come from a broker that this machine has none of. */
  elsewhere: ReadonlySet<UserId>;
  clock: TradingDay;
}

/** How a position is closed, or why it cannot be. */
export function planExit(position: OpenPosition, plan: Plan): Exit {
  const { user_id, strategy_id, symbol, product } = position;
  // Another program may have written the shares of a short position with a sign.
  const held = signedShares(position);
  const inTheWay = stateProblem(position, held) ?? orderOnItsWay(position, held, plan);
  if (inTheWay !== undefined) return inTheWay;
  const problem = priceProblem(position, plan);
  if (problem !== undefined) return { problem, by: null };
  const { prices, clock } = plan;
  const found = prices?.get(symbol);
  return {
    order: {
      order_id: mintId('ord', new Date(clock.now)),
      user_id,
      strategy_id,
      symbol,
      product: product as NewOrder['product'],
      side: held > 0 ? 'SELL' : 'BUY',
      order_type: 'MARKET',
      quantity: Math.abs(held),
      price: found && 'price' in found ? found.price : position.current_price,
      created_at: clock.now,
    },
  };
}

function stateProblem({ user_id, symbol, is_opposed }: OpenPosition, held: number): Exit | undefined {
  if (held === 0) return { problem: 'it is open without shares: see pinnacle doctor ledger', by: null };
  if (!is_opposed) return undefined;
  return {
    problem: `a long and a short position are open in ${symbol}: run pinnacle ledger adopt --user ${user_id}`,
    by: null,
  };
}

function orderOnItsWay(position: OpenPosition, held: number, { books }: Plan): Exit | undefined {
  const { closing, closing_type, closing_rest, closing_state } = position;
  if (closing === null) return undefined;
  const isCovered = closing_type === 'MARKET' && (closing_rest ?? 0) >= Math.abs(held);
  // Where prices are to be booked, an order that nobody fills closes nothing.
  if (isCovered && !books) return { working: closing, status: closing_state };
  return {
    problem: `order ${closing} is working on that side: run pinnacle order cancel ${closing}`,
    by: closing,
  };
}

/** Why no fill of a position may be booked at the price that is at hand. */
function priceProblem(
  { position_id, user_id, symbol }: OpenPosition,
  { prices, books, elsewhere }: Plan,
): string | undefined {
  if (!books) return undefined;
  const deliberately = `run pinnacle position close ${position_id} --price PRICE`;
  if (elsewhere.has(user_id))
    return `${user_id} has an account at a broker, and none is configured here: a fill that it did not make would be booked. Where it made one, ${deliberately}`;
  const found = prices?.get(symbol);
  if (found === undefined) return `there is no price of ${symbol}: no fresh quote, and none given`;
  if ('doubt' in found)
    return `the quote of ${symbol} is probably wrong: ${found.doubt}. At a price that you know, ${deliberately}`;
  return undefined;
}
