import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { formatRupees, NO_RUPEES, toPaisa } from '../../domain/money.ts';
import { refused } from '../../util/failure.ts';
import { ACTIVATION_COLUMNS, type Activation } from './store.ts';

/**
 * Throws if the allocation (rupees, 0 for none) exceeds the user's free capital, or if it (without one, the free
 * capital) is less than the strategy needs. The user must be locked.
 */
export async function checkCapital(
  trx: Trx,
  { user_id }: { user_id: UserId },
  { strategy_id, min_capital }: { strategy_id: StrategyId; min_capital: number },
  allocation: number,
): Promise<void> {
  const free = await freeCapital(trx, user_id, strategy_id);
  const asked = rupees(allocation);
  const left = rupees(free);
  if (allocation > 0 && allocation > Number(free))
    throw refused(
      'FREE_CAPITAL',
      `An allocation of ${asked} is beyond the free capital of ${user_id}, ${left}.`,
      `See what is set aside: pinnacle strategy stats --user ${user_id}`,
    );
  const fund = allocation > 0 ? allocation : Number(free);
  if (fund < min_capital)
    throw refused(
      'MIN_CAPITAL',
      `The strategy ${strategy_id} needs ${rupees(min_capital)}; ${
        allocation > 0 ? `the allocation is ${asked}` : `${user_id} has ${left} of free capital`
      }.`,
    );
}

const rupees = (amount: number | string) => formatRupees(toPaisa(amount));

/** A user's capital in rupees that is not allocated to other ACTIVE or PAUSED strategies. */
async function freeCapital(trx: Trx, userId: UserId, besides: string): Promise<string> {
  const { rows } = await sql<{ free: string }>`
    SELECT total_capital - ${setAside(userId, besides)} AS free FROM users WHERE user_id = ${userId}`.execute(
    trx.db,
  );
  return rows[0]?.free ?? NO_RUPEES;
}

/** SQL for what ACTIVE and PAUSED strategies of a user, but for one, have set aside; rupees. */
export const setAside = (userId: UserId, besides = '') => sql`(
  SELECT coalesce(sum(round(allocation_amount::numeric, 2)), 0) FROM user_strategies
  WHERE user_id = ${userId} AND strategy_id <> ${besides} AND status IN ('ACTIVE', 'PAUSED'))`;

interface Asked {
  userId: UserId;
  strategyId: StrategyId;
  /** Rupees. */
  allocation: number;
  parameters: unknown;
}

/**
 * Makes a user's strategy ACTIVE: the row `before`, or a new one. A new row starts with the totals of the book, so that
 * these always match its orders and fills. The user must be locked.
 */
export async function writeActivation(
  trx: Trx,
  { userId, strategyId, allocation, parameters }: Asked,
  before: Activation | undefined,
  at: Instant,
): Promise<Activation> {
  const values = {
    status: 'ACTIVE',
    allocation_amount: allocation,
    custom_parameters: JSON.stringify(parameters),
    updated_at: at,
  } as const;
  if (before)
    return trx.db
      .updateTable('user_strategies')
      .set({ ...values, ...(before.status === 'STOPPED' && { activated_at: at, deactivated_at: null }) })
      .where('user_id', '=', userId)
      .where('strategy_id', '=', strategyId)
      .returning(ACTIVATION_COLUMNS)
      .executeTakeFirstOrThrow();
  const orders = sql`orders o WHERE o.user_id = ${userId} AND o.strategy_id = ${strategyId}`;
  return trx.db
    .insertInto('user_strategies')
    .values({
      user_id: userId,
      strategy_id: strategyId,
      ...values,
      activated_at: at,
      created_at: at,
      total_orders: sql`(SELECT count(*) FROM ${orders})`,
      successful_orders: sql`(SELECT count(*) FROM ${orders} AND o.status = 'FILLED')`,
      total_pnl: sql`(
        SELECT coalesce(sum(f.realized_pnl), 0) FROM order_fills f
        WHERE f.order_id IN (SELECT o.order_id FROM ${orders}))`,
    })
    .returning(ACTIVATION_COLUMNS)
    .executeTakeFirstOrThrow();
}
