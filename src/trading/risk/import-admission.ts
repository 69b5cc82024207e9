import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { Failure } from '../../util/failure.ts';
import type { ProposedOrder } from '../ledger/insert-orders.ts';
import type { TradingDay } from '../trading-day.ts';
import { checkPreTrade } from './pre-trade.ts';

/** Says of the orders of a file whether they need a check of their own, and what refuses one. */
export interface ImportAdmission {
  /** Whether something may refuse it: its strategy, a halt, a rule or the state of its user. */
  needsCheck: (order: Pick<ProposedOrder, 'user_id' | 'strategy_id'>) => boolean;
  /** Why it may not be placed now; undefined if it may. `price`, in rupees per share, is what a share is worth. */
  refusal: (order: ProposedOrder, price?: number) => Promise<string | undefined>;
}

/** Locks these users, so that no halt or rule comes between the check of their orders and the end of the import. */
export async function openAdmission(
  trx: Trx,
  userIds: readonly UserId[],
  clock: TradingDay,
): Promise<ImportAdmission> {
  const rules = sql`OR EXISTS (SELECT FROM risk_rules r WHERE r.user_id = u.user_id)
    OR EXISTS (SELECT FROM trading_halts h WHERE h.resumed_at IS NULL AND coalesce(h.user_id, '') IN ('', u.user_id))`;
  const ids = [...new Set(userIds)];
  await sql`SELECT FROM users WHERE user_id = ANY(${ids}) ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM users u WHERE user_id = ANY(${ids}) AND (NOT enabled ${trx.phase < 4 ? sql`` : rules})`.execute(
    trx.db,
  );
  const restricted = new Set(rows.map(({ user_id }) => user_id));
  return {
    needsCheck: ({ user_id, strategy_id }) => strategy_id !== null || restricted.has(user_id),
    async refusal(order, price = 0) {
      try {
        await checkPreTrade(trx, order, clock, { quote: price });
        return undefined;
      } catch (error) {
        if (error instanceof Failure && (error.kind === 'refused' || error.kind === 'notFound'))
          return error.message.replaceAll('\n', '; ');
        throw error;
      }
    },
  };
}
