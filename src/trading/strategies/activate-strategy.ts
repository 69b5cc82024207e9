import { canonicalJson } from '../../audit/canonical-json.ts';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import { describeParameters, overrideProblems } from '../../domain/parameter-overrides.ts';
import { usage } from '../../util/failure.ts';
import { lockUser } from '../users/store.ts';
import { checkCapital, writeActivation } from './activation.ts';
import { announce, requireRunnable } from './change-status.ts';
import { findActivation, lockStrategyShared } from './store.ts';

/** What an activation sets: what is not given stays, or is 0 and nothing. */
interface Given {
  allocation: Rupees | undefined;
  parameters: Record<string, unknown> | undefined;
}

/**
 * Makes a strategy ACTIVE for a user, or changes allocation and overrides of one that is; changes nothing if that is
 * already so. Throws a usage error for overrides that do not fit, and FREE_CAPITAL or MIN_CAPITAL.
 */
export function activateStrategy(
  ctx: Context,
  strategyId: StrategyId,
  userId: UserId,
  { allocation, parameters }: Given,
) {
  const now = instant(ctx.now());
  return ctx.change(async (trx) => {
    const user = await lockUser(trx, userId);
    const strategy = await lockStrategyShared(trx, strategyId);
    if (parameters) checkOverrides(parameters, (strategy.parameters ?? {}) as Record<string, unknown>);
    await requireRunnable(trx, user, strategy);
    const before = await findActivation(trx.db, userId, strategyId);
    const asked = {
      allocation: allocation === undefined ? (before?.allocation_amount ?? 0) : Number(allocation),
      parameters: parameters ?? before?.custom_parameters ?? {},
    };
    const same =
      before?.status === 'ACTIVE' &&
      before.allocation_amount === asked.allocation &&
      canonicalJson(before.custom_parameters) === canonicalJson(asked.parameters);
    if (same) return unchanged(before);
    await checkCapital(trx, user, strategy, asked.allocation);
    const after = await writeActivation(trx, { userId, strategyId, ...asked }, before, now);
    await announce(trx, now, before, after);
    return changed(after, auditTarget('user', userId), {
      strategy: strategyId,
      before: before ?? null,
      after,
    });
  });
}

function checkOverrides(own: Record<string, unknown>, known: Record<string, unknown>): void {
  const problems = overrideProblems(own, known);
  if (problems.length > 0)
    throw usage(
      `--parameters does not fit the strategy.\n${problems.join('\n')}`,
      `Its parameters: ${describeParameters(known)}.`,
    );
}
