import { defineCommand } from '../cli/command.ts';
import type { Context } from '../context.ts';

export const check = defineCommand({
  effect: 'read',
  args: {},
  flags: {},
  fields: { check: { type: 'text' }, state: { type: 'text' } },
  examples: ['doctor', 'doctor --json check,state'],
  async run(_input, ctx: Context) {
    await ctx.db();
    return [];
  },
});
