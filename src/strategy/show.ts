import { defineCommand } from '../cli/command.ts';
import { identifier } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { strategyFields } from './columns.ts';
import { findStrategy } from './store.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: { strategy: identifier('STRATEGY', 'the strategy') },
  flags: {},
  fields: strategyFields,
  examples: ['strategy show rsi_dmi', 'strategy show rsi_dmi --json parameters'],
  async run({ strategy }, ctx: Context) {
    return findStrategy(await ctx.db(), strategy);
  },
});
