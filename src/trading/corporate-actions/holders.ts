import { sql } from 'kysely';
import type { ChainKey } from '../../domain/book.ts';
import { ACTION_TYPES, movesPositions } from '../../domain/corporate-actions/action.ts';
import type { PositionId } from '../../domain/id.ts';
import { signedShares } from '../../domain/net-positions.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import type { PositionRow } from '../ledger/chain-store.ts';
import { madePositions } from '../ledger/made-positions.ts';
import { productOf } from '../ledger/product.ts';
import type { Step } from './step.ts';

/** A position that held shares when the ex-date began, and of which the step is not booked yet. */
export interface Holder extends PositionRow {
  /** Signed shares when the ex-date began. */
  held: number;
  /** Whether it was traded since. */
  late: boolean;
  /** Whether its price was marked since, by a quote of then or by hand. */
  marked_since: boolean;
  /** A later action that moved it already, of an action that moves positions. */
  acted: string | null;
}

/** The columns of a position `p`, as the ledger writes it. */
export const positionColumns = (
  source: Source,
) => sql`p.position_id, p.user_id, p.strategy_id, p.symbol, ${productOf(source, 'p')} AS product, p.side,
  p.quantity, p.average_price, p.current_price, p.unrealized_pnl, p.realized_pnl, p.status, p.order_id, p.opened_at, p.closed_at,
  p.updated_at, p.marked_at`;

/** Whether the effect `e` of the action `a` moves a position and comes after a step. */
const isAfter = ({ lead, effective_at }: Step) => sql`e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)
  AND (e.effective_at > ${effective_at}::timestamp OR (e.effective_at = ${effective_at}::timestamp
    AND array_position(${[...ACTION_TYPES]}::text[], a.type::text) > ${ACTION_TYPES.indexOf(lead.type) + 1}::int))`;

/**
 * The positions that a step is about, by id, in one statement. What was executed on the ex-date or later does not count, nor, for
 * what is paid on shares, an action of that day. With `lock`, the rows do not change until the transaction ends.
 */
export async function findHolders(source: Source, step: Step, lock: boolean): Promise<Holder[]> {
  const { symbols, effective_at, lead } = step;
  const moves = movesPositions(lead);
  const made = madePositions(source, sql`k.symbol = ANY(${[...symbols]})`, {
    at: effective_at,
    actions: moves ? 'through' : 'before',
  });
  const actedSince = sql`OR EXISTS (SELECT FROM corporate_action_effects e WHERE e.position_id = p.position_id
        AND e.effective_at >= ${effective_at}::timestamp AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0))`;
  const later = sql`FROM corporate_action_effects e JOIN corporate_actions a ON a.action_id = e.action_id
    WHERE e.position_id = p.position_id AND ${isAfter(step)}`;
  const acted = moves ? sql`(SELECT e.action_id ${later} ORDER BY e.seq LIMIT 1)` : sql`NULL::text`;
  const { rows } = await sql<
    PositionRow & { made: number; late: boolean; marked_since: boolean; acted: string | null }
  >`
    SELECT ${positionColumns(source)}, coalesce(m.shares, 0)::int AS made, l.late, ${acted} AS acted,
      coalesce(p.marked_at >= ${effective_at}::timestamp OR p.marked_at IS NULL AND p.updated_at >= ${effective_at}::timestamp
        AND p.current_price <> b.price, false) AS marked_since
    FROM positions p LEFT JOIN (${made}) m ON m.position_id = p.position_id
    CROSS JOIN LATERAL (SELECT (
      EXISTS (SELECT FROM order_fills f WHERE f.position_id = p.position_id AND f.executed_at >= ${effective_at}::timestamp)
      OR EXISTS (SELECT FROM order_fills f
        WHERE f.order_id = p.order_id AND f.flipped_to = p.position_id AND f.executed_at >= ${effective_at}::timestamp)
      ${moves ? sql`` : actedSince}
    ) AS late) l
    -- A price by hand has no time of its own: it is another one than that of what was booked last.
    LEFT JOIN LATERAL (SELECT price FROM (
      SELECT f.price, f.seq FROM order_fills f WHERE f.position_id = p.position_id
      UNION ALL SELECT e.price, e.seq FROM corporate_action_effects e
      WHERE e.position_id = p.position_id AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)
    ) AS booked ORDER BY seq DESC LIMIT 1) b ON true
    WHERE p.symbol = ANY(${[...symbols]})
      AND (p.status = 'OPEN' AND p.opened_at < ${effective_at}::timestamp OR coalesce(m.shares, 0) <> 0)
      AND NOT EXISTS (SELECT FROM corporate_action_effects e
        WHERE e.action_id = ${lead.action_id} AND e.position_id = p.position_id)
      ${moves ? sql`AND NOT EXISTS (SELECT ${later} AND e.opened)` : sql``}
    ORDER BY p.position_id ${lock ? sql`FOR NO KEY UPDATE OF p` : sql``}`.execute(source.db);
  return rows
    .map(({ made: shares, ...row }) => ({
      ...row,
      held: row.late || row.acted !== null ? shares : signedShares(row),
    }))
    .filter(({ held }) => held !== 0);
}

/** The OPEN positions in another symbol of the users, strategies and products of some positions, by the key without the symbol. */
export async function findOther(
  source: Source,
  symbol: TradingSymbol,
  holders: readonly ChainKey[],
  lock: boolean,
): Promise<Map<string, PositionRow>> {
  const wanted = holders.map((each) => ({
    user_id: each.user_id,
    strategy_id: each.strategy_id ?? '',
    product: each.product ?? '',
  }));
  const { rows } = await sql<PositionRow>`
    SELECT ${positionColumns(source)}
    FROM positions p JOIN ${unnest('k', { user_id: 'text', strategy_id: 'text', product: 'text' }, wanted)}
      ON p.user_id = k.user_id AND coalesce(p.strategy_id, '') = k.strategy_id AND coalesce(${productOf(source, 'p')}, '') = k.product
    WHERE p.symbol = ${symbol} AND p.status = 'OPEN'
    ORDER BY p.position_id ${lock ? sql`FOR NO KEY UPDATE OF p` : sql``}`.execute(source.db);
  return new Map(rows.map((row) => [accountOf(row), row]));
}

/** Of which of these accounts, by `accountOf`, something was executed in another symbol since the ex-date. */
export async function findTraded(
  source: Source,
  symbol: TradingSymbol,
  { effective_at }: Step,
  holders: readonly ChainKey[],
): Promise<Set<string>> {
  const users = [...new Set(holders.map(({ user_id }) => user_id))];
  const { rows } = await sql<Omit<ChainKey, 'symbol'>>`
    SELECT DISTINCT o.user_id, o.strategy_id, ${productOf(source, 'o')} AS product
    FROM orders o JOIN order_fills f ON f.order_id = o.order_id
    WHERE o.symbol = ${symbol} AND o.user_id = ANY(${users}) AND f.executed_at >= ${effective_at}::timestamp`.execute(
    source.db,
  );
  return new Set(rows.map(accountOf));
}

/** An action that moved positions of an account in another symbol: a step itself, or one that comes after it. */
export interface ActedTarget {
  account: string;
  position_id: PositionId;
  action_id: string;
}

/** Which accounts have shares in another symbol that a step, or an action after it, is booked on already. */
export async function findActedTargets(
  source: Source,
  symbol: TradingSymbol,
  step: Step,
  holders: readonly ChainKey[],
): Promise<ActedTarget[]> {
  const users = [...new Set(holders.map(({ user_id }) => user_id))];
  const { rows } = await sql<Omit<ChainKey, 'symbol'> & Omit<ActedTarget, 'account'>>`
    SELECT p.user_id, p.strategy_id, ${productOf(source, 'p')} AS product, p.position_id, e.action_id
    FROM positions p JOIN corporate_action_effects e ON e.position_id = p.position_id
      JOIN corporate_actions a ON a.action_id = e.action_id
    WHERE p.symbol = ${symbol} AND p.user_id = ANY(${users}) AND (e.action_id = ${step.lead.action_id} OR ${isAfter(step)})
    ORDER BY e.seq`.execute(source.db);
  return rows.map(({ position_id, action_id, ...key }) => ({
    account: accountOf(key),
    position_id,
    action_id,
  }));
}

/** What positions of several symbols have in common. */
export const accountOf = ({ user_id, strategy_id, product }: Omit<ChainKey, 'symbol'>): string =>
  `${user_id}\n${strategy_id ?? ''}\n${product ?? ''}`;
