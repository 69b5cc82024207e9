import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { userFields } from './fields.ts';
import { userPage } from './page.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {},
  fields: userFields,
  page: userPage,
  examples: ['user show trader_001', 'user show trader_001 --json total_capital'],
  async run({ user }, ctx: Context) {
    return findUser(await ctx.db(), user);
  },
});
