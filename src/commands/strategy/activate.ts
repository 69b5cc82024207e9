import { canonicalJson } from '../../audit/canonical-json.ts';
import { defineCommand } from '../../cli/command.ts';
import { json, money, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { describeParameters, overrideProblems } from '../../domain/parameter-overrides.ts';
import { announce, requireRunnable } from '../../trading/strategies/change-status.ts';
import { findActivation, lockStrategyShared } from '../../trading/strategies/store.ts';
import { lockUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';
import { activationFields } from './fields.ts';

export const activate = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {
    user: parsed(userId, 'USER', 'the user'),
    allocation: optional(money('RUPEES', 'the capital set aside for it; 0 sets none aside')),
    parameters: optional(json('JSON', 'values that override its parameters for this user, a JSON object')),
  },
  fields: activationFields,
  examples: [
    'strategy activate rsi_dmi --user trader_001 --allocation 250000',
    `strategy activate rsi_dmi --user trader_001 --parameters '{"rsi_period":21}'`,
  ],
  details: `The allocation must be within the user's free capital: the total minus the allocations of strategies that are ACTIVE or
PAUSED. The allocation, or without one the free capital, must be at least the min_capital of the strategy. --parameters
replaces all earlier overrides of the user; '{}' overrides nothing.
For a strategy that is already active, only the given allocation and parameters change.`,
  async run({ strategy: strategyId, user: userId, allocation, parameters }, ctx: Context) {
    const { checkCapital, writeActivation } = await import('../../trading/strategies/activation.ts');
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
      if (same) return { result: before, audit: null };
      await checkCapital(trx, user, strategy, asked.allocation);
      const after = await writeActivation(trx, { userId, strategyId, ...asked }, before, now);
      await announce(trx, now, before, after);
      return {
        result: after,
        audit: { target: `user ${userId}`, body: { strategy: strategyId, before: before ?? null, after } },
      };
    });
  },
});

function checkOverrides(own: Record<string, unknown>, known: Record<string, unknown>): void {
  const problems = overrideProblems(own, known);
  if (problems.length > 0)
    throw usage(
      `--parameters does not fit the strategy.\n${problems.join('\n')}`,
      `Its parameters: ${describeParameters(known)}.`,
    );
}
