import { defineCommand } from '../cli/command.ts';
import { refused } from '../cli/errors.ts';
import { decimal, identifier, optional } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { findUser } from '../user/store.ts';
import { activationFields } from './columns.ts';
import { ACTIVATION_COLUMNS, findStrategy } from './store.ts';

export const activate = defineCommand({
  effect: 'write',
  phase: 2,
  args: { strategy: identifier('STRATEGY', 'the strategy') },
  flags: {
    user: identifier('USER', 'the trader'),
    allocation: optional(decimal('RUPEES', 'the capital set aside for it')),
  },
  fields: activationFields,
  examples: ['strategy activate rsi_dmi --user trader_001 --allocation 250000'],
  details: 'Activating what is active already changes nothing but the allocation, if one is given.',
  async run({ strategy, user, allocation }, ctx: Context) {
    return ctx.change(async (trx) => {
      const [owner, chosen] = [await findUser(trx, user), await findStrategy(trx, strategy)];
      if (!owner.enabled) throw refused('USER_DISABLED', `The user ${user} is disabled.`);
      if (!chosen.is_active) throw refused('STRATEGY_DISABLED', `The strategy ${strategy} is not available.`);
      const now = ctx.now().toISOString();
      const before = await trx
        .selectFrom('user_strategies')
        .select(ACTIVATION_COLUMNS)
        .where('user_id', '=', user)
        .where('strategy_id', '=', strategy)
        .forUpdate()
        .executeTakeFirst();
      const asked = allocation ?? before?.allocation_amount ?? 0;
      if (before?.status === 'ACTIVE' && before.allocation_amount === asked)
        return { result: before, audit: null };
      const running = before?.status === 'ACTIVE' ? {} : { activated_at: now, deactivated_at: null };
      const row = await trx
        .insertInto('user_strategies')
        .values({
          user_id: user,
          strategy_id: strategy,
          allocation_amount: asked,
          activated_at: now,
          created_at: now,
          updated_at: now,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['user_id', 'strategy_id'])
            .doUpdateSet({ status: 'ACTIVE', allocation_amount: asked, updated_at: now, ...running }),
        )
        .returning(ACTIVATION_COLUMNS)
        .executeTakeFirstOrThrow();
      return {
        result: row,
        audit: { target: `user ${user}`, body: { strategy, before: before ?? null, after: row } },
      };
    });
  },
});
