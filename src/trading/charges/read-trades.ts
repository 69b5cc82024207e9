import { type RawBuilder, sql } from 'kysely';
import type { Trade } from '../../domain/charges/net-trades.ts';
import { marketOf } from '../../domain/charges/segment.ts';
import type { OrderSide, Product } from '../../domain/enums.ts';
import type { Exchange } from '../../domain/exchanges.ts';
import type { UserId } from '../../domain/id.ts';
import { Decimal } from '../../domain/money.ts';
import {
  BROKER_SINCE_STEP,
  hasStep,
  INSTRUMENTS_SINCE_STEP,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { meantFirst } from '../instruments/find-instrument.ts';
import { ofUser } from '../of-user.ts';
import { beginOf } from '../trading-day.ts';

/** What an order has that names neither: settings of the broker. */
interface Defaults {
  product: Product;
  exchange: Exchange;
}

/** A trading day, YYYY-MM-DD, of one trader or all. */
export interface Traded {
  day: string;
  user: UserId | undefined;
}

interface Row {
  user_id: UserId;
  order_id: string;
  symbol: string;
  side: OrderSide;
  product: Product | null;
  exchange: Exchange | null;
  quantity: string;
  /** Rupees. */
  value: string;
}

/** SQL for the fills `f` and orders `o` of a trading day that an exchange knows: what a position was adjusted by is none. */
export const tradedOn = (source: Source, { day, user }: Traded): RawBuilder<unknown> =>
  tradedWithin(source, sql`${day}::date::timestamp`, user);

/** The same of a day that is SQL, a timestamp at its midnight. */
export const tradedWithin = (
  source: Source,
  day: RawBuilder<unknown>,
  user: UserId | undefined,
): RawBuilder<unknown> => sql`
  order_fills f JOIN orders o ON o.order_id = f.order_id
  WHERE f.executed_at >= ${beginOf(day, source)} AND f.executed_at < ${beginOf(sql`${day} + interval '1 day'`, source)}
    ${ofUser('o', user)}
    ${hasStep(source, BROKER_SINCE_STEP) ? sql`AND o.origin IS DISTINCT FROM 'adjust'` : sql``}`;

/**
 * What each order executed on a day, by trader in the order of their ids: one statement, and one about shares that are
 * delivered trade for trade. And of which traders not all is known, since a symbol is none of its exchange.
 */
export async function readTrades(
  source: Source,
  traded: Traded,
  defaults: Defaults,
): Promise<{ trades: Map<UserId, Trade[]>; unknown: Map<UserId, string> }> {
  const terms = hasStep(source, BROKER_SINCE_STEP)
    ? sql`max(o.product) AS product, max(o.exchange) AS exchange`
    : sql`NULL AS product, NULL AS exchange`;
  const { rows } = await sql<Row>`
    SELECT o.user_id, o.order_id, o.symbol, o.side, ${terms}, sum(f.quantity) AS quantity,
      sum(f.price::numeric * f.quantity) AS value
    FROM ${tradedOn(source, traded)}
    GROUP BY o.user_id, o.order_id, o.symbol, o.side ORDER BY o.user_id, o.order_id`.execute(source.db);
  const gross = await grossSymbols(source, [...new Set(rows.map(({ symbol }) => symbol))]);
  const trades = new Map<UserId, Trade[]>();
  const unknown = new Map<UserId, string>();
  for (const { user_id, order_id, symbol, side, quantity, value, ...named } of rows) {
    const exchange = named.exchange ?? defaults.exchange;
    const market = marketOf(symbol, exchange);
    if (!market) {
      unknown.set(
        user_id,
        `${symbol} of order ${order_id} is no future or option, which is what ${exchange} trades.`,
      );
      continue;
    }
    const trade: Trade = {
      ...{ order_id, symbol, side, ...market, product: named.product ?? defaults.product },
      quantity: Number(quantity),
      value: new Decimal(value),
      is_gross: market.exchange === 'NSE' && gross.has(symbol),
    };
    const those = trades.get(user_id);
    if (those) those.push(trade);
    else trades.set(user_id, [trade]);
  }
  return { trades, unknown };
}

// Shares of these series are delivered trade for trade.
const GROSS = ['BE', 'BZ', 'ST', 'SZ'];

async function grossSymbols(source: Source, symbols: readonly string[]): Promise<Set<string>> {
  if (symbols.length === 0 || !hasStep(source, INSTRUMENTS_SINCE_STEP)) return new Set();
  const { rows } = await sql<{ symbol: string }>`
    SELECT a.symbol FROM unnest(${symbols}::text[]) AS a(symbol) CROSS JOIN LATERAL (
      SELECT series FROM instruments WHERE symbol = a.symbol AND exchange = 'NSE' ORDER BY ${meantFirst()} LIMIT 1
    ) i WHERE i.series = ANY(${GROSS}::text[])`.execute(source.db);
  return new Set(rows.map(({ symbol }) => symbol));
}
