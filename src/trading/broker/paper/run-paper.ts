import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { changed, firstListed, unchanged } from '../../../audit/outcome.ts';
import type { Trx } from '../../../audit/transaction.ts';
import type { Context } from '../../../context.ts';
import type { OrderStatus, Product } from '../../../domain/enums.ts';
import type { UserId } from '../../../domain/id.ts';
import { type Instant, isBefore } from '../../../domain/instant.ts';
import { meanPrice } from '../../../domain/money.ts';
import { matchPaper, type PaperMarket, type PaperTerms } from '../../../domain/paper-matching.ts';
import type { Quote } from '../../../domain/quote.ts';
import type { TradingSymbol } from '../../../domain/symbol.ts';
import { needStep, PAPER_SINCE_STEP, type Source } from '../../../platform/postgres/schema-phase.ts';
import { unnest } from '../../../platform/postgres/unnest.ts';
import { type TradingDay, tradingDayOf } from '../../trading-day.ts';
import { DAY_ENDED } from './paper-broker.ts';
import { openQuotes, type QuoteSource } from './paper-quotes.ts';
import { IS_WORKING } from './working.ts';

/** How the paper broker runs: its market, where quotes come from, and how long. */
export interface PaperRun extends PaperMarket {
  /** A file of quotes; without it, those in Redis, or the marks of positions. */
  quotes: string | undefined;
  /** How often to look, in milliseconds; undefined to look once. */
  intervalMs: number | undefined;
  /** How long to follow, in milliseconds. */
  forMs: number | undefined;
}

/** What happened to an order of the paper broker. Shares, rupees per share. */
export interface PaperEvent {
  at: Instant;
  event: 'fill' | 'triggered' | 'ended';
  broker_order_id: string;
  tag: string;
  user_id: UserId;
  symbol: TradingSymbol;
  side: 'BUY' | 'SELL';
  product: Product;
  /** Of the execution; null for what is none. */
  quantity: number | null;
  price: number | null;
  filled_quantity: number;
  status: OrderStatus;
}

interface WorkingOrder extends PaperTerms {
  broker_order_id: string;
  tag: string;
  user_id: UserId;
  symbol: TradingSymbol;
  product: Product;
  filled_price: number;
  status: OrderStatus;
  placed_at: Instant;
}

/**
 * Matches the working orders of all paper accounts with quotes, each pass in one transaction that writes nothing but the
 * paper broker's own tables; gives what happened. Orders of earlier trading days end. Throws PHASE_NEEDED.
 */
export async function* runPaper(ctx: Context, run: PaperRun): AsyncGenerator<PaperEvent> {
  needStep(await ctx.source(), PAPER_SINCE_STEP);
  const quotesOf = await openQuotes(ctx, run.quotes);
  const end = performance.now() + (run.forMs ?? Number.POSITIVE_INFINITY);
  for (let isFirst = true; ; isFirst = false) {
    yield* await pass(ctx, run, quotesOf, isFirst);
    const rest = end - performance.now();
    if (run.intervalMs === undefined || rest <= 0) return;
    await sleep(Math.min(run.intervalMs, rest), undefined, { signal: ctx.signal });
  }
}

/** One look at the market. Without news nothing is locked or written, but the first time the right to do so is asked for. */
async function pass(
  ctx: Context,
  market: PaperRun,
  quotesOf: QuoteSource,
  isFirst: boolean,
): Promise<PaperEvent[]> {
  const clock = await tradingDayOf(ctx);
  const waiting = await readWorking(await ctx.source());
  const fresh = (await quotesOf([...new Set(waiting.map(({ symbol }) => symbol))])).filter(
    ({ timestamp }) => !isBefore(timestamp, clock.staleBefore),
  );
  const quotes = new Map(fresh.map((quote) => [quote.symbol, quote]));
  const hasNews = (order: WorkingOrder) => changeOf(order, quotes, market, clock) !== undefined;
  const ids = waiting.filter(hasNews).map(({ broker_order_id }) => broker_order_id);
  if (ids.length === 0 && !isFirst) return [];
  return ctx.change(async (trx) => {
    const changes = (await readWorking(trx, ids)).flatMap(
      (order) => changeOf(order, quotes, market, clock) ?? [],
    );
    if (changes.length > 0) await write(trx, changes);
    const events = changes.flatMap(({ events }) => events);
    if (events.length === 0) return unchanged(events);
    return changed(events, 'paper broker', {
      seed: market.seed,
      events: events.length,
      first: firstListed(events),
    });
  });
}

/** Working orders as they are; those that are named, locked, in the order in which they came. */
async function readWorking({ db }: Source, locked?: readonly string[]): Promise<WorkingOrder[]> {
  const which = locked ? sql`AND broker_order_id = ANY(${[...locked]})` : sql``;
  const { rows } = await sql<WorkingOrder>`
    SELECT broker_order_id, tag, user_id, symbol, side, order_type, product, quantity, filled_quantity, filled_price, price,
      trigger_price, triggered, status, placed_at, accepted_at, quoted_at
    FROM paper_orders WHERE ${IS_WORKING} ${which}
    ORDER BY placed_at, broker_order_id ${locked ? sql`FOR NO KEY UPDATE` : sql``}`.execute(db);
  return rows;
}

/** What becomes of an order. */
interface Change {
  row: WorkingOrder & { text: string };
  trade: { broker_fill_id: string; quantity: number; price: number; executed_at: Instant } | undefined;
  events: PaperEvent[];
}

/** What a look at the market does to an order; undefined if it has no news for it. */
function changeOf(
  order: WorkingOrder,
  quotes: ReadonlyMap<string, Quote>,
  market: PaperMarket,
  { now, dayStart }: TradingDay,
): Change | undefined {
  if (isBefore(order.placed_at, dayStart)) {
    const row = { ...order, status: 'CANCELLED' as const, text: DAY_ENDED };
    return { row, trade: undefined, events: [eventOf(row, 'ended', now)] };
  }
  const quote = quotes.get(order.symbol);
  const match = quote && matchPaper(order, quote, market);
  if (!match) return undefined;
  // A quote may be ahead of the clock by seconds.
  const at = isBefore(now, quote.timestamp) ? now : quote.timestamp;
  const seen = { ...order, triggered: match.triggered, quoted_at: quote.timestamp, text: '' };
  const armed = match.triggered && !order.triggered ? [eventOf(seen, 'triggered', at)] : [];
  if (!match.fill) return { row: seen, trade: undefined, events: armed };
  const { quantity, price } = match.fill;
  const before = { quantity: order.filled_quantity, price: order.filled_price };
  const filled_quantity = order.filled_quantity + quantity;
  const row = {
    ...seen,
    filled_quantity,
    filled_price: meanPrice(before, match.fill),
    status: filled_quantity < order.quantity ? ('PARTIALLY_FILLED' as const) : ('FILLED' as const),
  };
  // Shares filled so far: the same execution has the same id, and no two of an order have one.
  const broker_fill_id = `${order.broker_order_id}-${filled_quantity}`;
  return {
    row,
    trade: { broker_fill_id, quantity, price, executed_at: at },
    events: [...armed, { ...eventOf(row, 'fill', at), quantity, price }],
  };
}

const eventOf = (order: WorkingOrder, event: PaperEvent['event'], at: Instant): PaperEvent => ({
  at,
  event,
  broker_order_id: order.broker_order_id,
  tag: order.tag,
  user_id: order.user_id,
  symbol: order.symbol,
  side: order.side,
  product: order.product,
  quantity: null,
  price: null,
  filled_quantity: order.filled_quantity,
  status: order.status,
});

async function write(trx: Trx, changes: readonly Change[]): Promise<void> {
  const source = unnest(
    'n',
    {
      user_id: 'text',
      broker_order_id: 'text',
      triggered: 'boolean',
      status: 'text',
      filled_quantity: 'int',
      filled_price: 'float8',
      quoted_at: 'timestamp',
      text: 'text',
    },
    changes.map(({ row }) => row),
  );
  const trades = changes.flatMap(({ row: { broker_order_id, user_id }, trade }) =>
    trade ? [{ broker_order_id, user_id, ...trade }] : [],
  );
  const columns = {
    broker_fill_id: 'text',
    broker_order_id: 'text',
    user_id: 'text',
    quantity: 'int',
    price: 'float8',
    executed_at: 'timestamp',
  } as const;
  await sql`
    UPDATE paper_orders o
    SET triggered = n.triggered, status = n.status, filled_quantity = n.filled_quantity, filled_price = n.filled_price,
      quoted_at = n.quoted_at, text = n.text,
      updated_at = CASE WHEN n.status <> o.status OR n.filled_quantity <> o.filled_quantity OR n.triggered <> o.triggered
        THEN clock_timestamp() ELSE o.updated_at END
    FROM ${source} WHERE o.user_id = n.user_id AND o.broker_order_id = n.broker_order_id`.execute(trx.db);
  if (trades.length === 0) return;
  await sql`
    INSERT INTO paper_trades (broker_fill_id, broker_order_id, user_id, quantity, price, executed_at)
    SELECT * FROM ${unnest('n', columns, trades)}`.execute(trx.db);
}
