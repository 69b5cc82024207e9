import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { StrategyStatus } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import type { Notice } from '../../domain/notice.ts';
import { refused } from '../../util/failure.ts';
import { lockUser, userDisabled } from '../users/store.ts';
import {
  ACTIVATION_COLUMNS,
  type Activation,
  findActivation,
  lockStrategyShared,
  notActivated,
} from './store.ts';

/**
 * Pauses, resumes or stops a user's strategy; changes nothing if that is already so. Throws if it is STOPPED, which
 * only an activation ends, and if it may not become ACTIVE.
 */
export async function changeStatus(ctx: Context, userId: UserId, strategyId: StrategyId, to: StrategyStatus) {
  const now = instant(ctx.now());
  return ctx.change(async (trx) => {
    const user = await lockUser(trx, userId);
    const strategy = await lockStrategyShared(trx, strategyId);
    const before = await findActivation(trx.db, userId, strategyId);
    if (!before) throw notActivated(userId, strategyId);
    if (before.status === to) return unchanged(before);
    if (before.status === 'STOPPED')
      throw refused(
        'STRATEGY_STOPPED',
        `The strategy ${strategyId} is STOPPED for ${userId}.`,
        `To start it again: pinnacle strategy activate ${strategyId} --user ${userId}`,
      );
    if (to === 'ACTIVE') await requireRunnable(trx, user, strategy);
    const after = await trx.db
      .updateTable('user_strategies')
      .set({ status: to, updated_at: now, ...(to === 'STOPPED' && { deactivated_at: now }) })
      .where('user_id', '=', userId)
      .where('strategy_id', '=', strategyId)
      .returning(ACTIVATION_COLUMNS)
      .executeTakeFirstOrThrow();
    await announce(trx, now, before, after);
    const body = { strategy: strategyId, before: before.status, after: after.status };
    return changed(after, auditTarget('user', userId), body);
  });
}

/** Throws unless the user and the strategy are enabled and trading is not halted. The user must be locked. */
export async function requireRunnable(
  trx: Trx,
  user: { user_id: UserId; enabled: boolean },
  strategy: { strategy_id: StrategyId; is_active: boolean },
): Promise<void> {
  if (!user.enabled) throw userDisabled(user.user_id);
  if (!strategy.is_active)
    throw (await import('../risk/pre-trade.ts')).strategyDisabled(strategy.strategy_id);
  const { checkNotHalted } = await import('../risk/halts.ts');
  await checkNotHalted(trx, user.user_id);
}

/** Notifies the user of a changed status of a strategy. */
export async function announce(
  trx: Trx,
  at: Instant,
  before: Activation | undefined,
  after: Activation,
): Promise<void> {
  if (before?.status === after.status) return;
  const { insertNotifications } = await import('../notifications/notify.ts');
  await insertNotifications(trx, at, [statusNotice(before?.status, after)]);
}

/** The notification of a changed status of a strategy; `before` is undefined where it was not activated. */
export function statusNotice(
  before: StrategyStatus | undefined,
  { user_id, strategy_id, status }: Pick<Activation, 'user_id' | 'strategy_id' | 'status'>,
): Notice {
  return {
    user_id,
    notification_type: 'STRATEGY_SIGNAL',
    alert_level: 'INFO',
    title: `Strategy ${strategy_id} is ${status}`,
    message: before === undefined ? 'It was not activated before.' : `It was ${before}.`,
    data: { strategy_id, before: before ?? null, after: status },
  };
}
