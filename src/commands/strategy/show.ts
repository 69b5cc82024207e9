import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import { optionalFields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import {
  findActivation,
  findStrategy,
  notActivated,
  requireActivations,
} from '../../trading/strategies/store.ts';
import { findUser } from '../../trading/users/store.ts';
import { activationFields, strategyFields } from './fields.ts';
import { strategyPage } from './page.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: { user: optional(parsed(userId, 'USER', 'also its activation by this user')) },
  fields: {
    ...strategyFields,
    ...optionalFields(activationFields),
    parameters: { type: 'json' },
    custom_parameters: { type: 'json', optional: true },
  },
  page: strategyPage,
  examples: [
    'strategy show rsi_dmi --json parameters',
    'strategy show rsi_dmi --user trader_001 --json status,allocation_amount',
  ],
  async run({ strategy, user }, ctx: Context) {
    if (user !== undefined) await requireActivations(ctx);
    const db = await ctx.db();
    const found = await findStrategy(db, strategy);
    if (user === undefined) return found;
    const activation = await findActivation(db, (await findUser(db, user)).user_id, strategy);
    if (!activation) throw notActivated(user, strategy);
    return { ...found, ...activation };
  },
});
