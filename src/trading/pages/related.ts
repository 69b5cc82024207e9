import { sql } from 'kysely';
import { MOST_RELATED } from '../../cli/result.ts';
import { WORKING_STATUSES } from '../../domain/enums.ts';
import type { OrderId, PositionId, StrategyId, UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { readFreeCapital } from '../flows/free-capital.ts';
import { ORDER_COLUMNS } from '../ledger/order-store.ts';
import { POSITION_COLUMNS } from '../positions/store.ts';
import { findActiveHalts, RULE_COLUMNS } from '../risk/store.ts';
import { SESSION_COLUMNS } from '../sessions/store.ts';
import { ACTIVATION_COLUMNS } from '../strategies/store.ts';
import { beginOf, tradingZone } from '../trading-day.ts';
import { readTrends, type Span } from '../trends.ts';

// One more tells that there are more.
const LIMIT = MOST_RELATED + 1;

/** The working orders of a user, newest first. */
export const workingOrdersOf = ({ db }: Source, user: UserId) =>
  db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('user_id', '=', user)
    .where('status', 'in', WORKING_STATUSES)
    .orderBy('created_at', 'desc')
    .orderBy('order_id', 'desc')
    .limit(LIMIT)
    .execute();

/** The open positions of a user, newest first; none before phase 2. */
export async function openPositionsOf({ db, phase }: Source, user: UserId) {
  if (phase < 2) return [];
  return db
    .selectFrom('positions')
    .select(POSITION_COLUMNS)
    .where('user_id', '=', user)
    .where('status', '=', 'OPEN')
    .orderBy('opened_at', 'desc')
    .orderBy('position_id', 'desc')
    .limit(LIMIT)
    .execute();
}

/** The positions that the fills of an order moved; none before phase 2. */
export async function positionsOfOrder({ db, phase }: Source, order: OrderId) {
  if (phase < 2) return [];
  const moved = sql<PositionId>`ANY(ARRAY(
    SELECT unnest(ARRAY[f.position_id, f.flipped_to]) FROM order_fills f WHERE f.order_id = ${order}))`;
  return db
    .selectFrom('positions')
    .select(POSITION_COLUMNS)
    .where('position_id', '=', moved)
    .orderBy('opened_at', 'desc')
    .orderBy('position_id', 'desc')
    .limit(LIMIT)
    .execute();
}

/** The fills of an order or of a session, latest booked first; none before the phase that knows them. */
export async function fillsOf({ db, phase }: Source, by: 'order_id' | 'session_id', id: string) {
  if (phase < (by === 'order_id' ? 2 : 3)) return [];
  return db
    .selectFrom('order_fills as f')
    .innerJoin('orders as o', 'o.order_id', 'f.order_id')
    .select(['f.fill_id', 'f.quantity', 'f.price', 'f.realized_pnl', 'f.executed_at', 'o.symbol', 'o.side'])
    .where(`f.${by}`, '=', id as OrderId)
    .orderBy('f.seq', 'desc')
    .limit(LIMIT)
    .execute();
}

/** The sessions of a user that run or began on this trading day, newest first; none before phase 3. */
export async function sessionsTodayOf(source: Source, user: UserId) {
  if (source.phase < 3) return [];
  const today = sql`(clock_timestamp() AT TIME ZONE ${tradingZone(source)})::date`;
  return source.db
    .selectFrom('trading_sessions')
    .select(SESSION_COLUMNS)
    .where('user_id', '=', user)
    .where((eb) =>
      eb.or([eb('status', '=', 'ACTIVE'), sql<boolean>`start_time >= ${beginOf(today, source)}`]),
    )
    .orderBy('start_time', 'desc')
    .orderBy('session_id', 'desc')
    .limit(LIMIT)
    .execute();
}

/** The rules of a user, and the halts that apply; none before phase 4. */
export async function risksOf({ db, phase }: Source, user: UserId) {
  if (phase < 4) return { rules: [], halts: [] };
  const rules = await db
    .selectFrom('risk_rules')
    .select(RULE_COLUMNS)
    .where('user_id', '=', user)
    .orderBy('rule_type')
    .execute();
  return { rules, halts: await findActiveHalts(db, user) };
}

/** Who has activated a strategy, latest first; none before phase 2. */
export async function activationsOf({ db, phase }: Source, strategy: StrategyId) {
  if (phase < 2) return [];
  return db
    .selectFrom('user_strategies')
    .select(ACTIVATION_COLUMNS)
    .where('strategy_id', '=', strategy)
    .orderBy('activated_at', 'desc')
    .orderBy('user_id')
    .limit(LIMIT)
    .execute();
}

/** How the realized P&L of a user or a strategy added up over a span; null before phase 2. */
export async function trendOf(source: Source, by: 'user_id' | 'strategy_id', span: Span) {
  const [trend] = await readTrends(source, by, [span]);
  return trend;
}

/** What a user could take out, and why it is that much; nothing is known before phase 2. */
export async function capitalOf({ db, phase }: Source, user: UserId) {
  return phase < 2 ? {} : readFreeCapital({ db }, user);
}
