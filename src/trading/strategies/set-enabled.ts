import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { StrategyId } from '../../domain/id.ts';
import { lockStrategy, STRATEGY_COLUMNS } from './store.ts';

/** Enables or disables a strategy; changes nothing if that is already so. */
export function setStrategyEnabled(ctx: Context, strategyId: StrategyId, available: boolean) {
  return ctx.change(async (trx) => {
    const before = await lockStrategy(trx, strategyId);
    if (before.is_active === available) return unchanged(before);
    const after = await trx.db
      .updateTable('strategies')
      .set({ is_active: available })
      .where('strategy_id', '=', strategyId)
      .returning(STRATEGY_COLUMNS)
      .executeTakeFirstOrThrow();
    const body = { before: { is_active: before.is_active }, after: { is_active: after.is_active } };
    return changed(after, auditTarget('strategy', strategyId), body);
  });
}
