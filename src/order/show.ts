import { defineCommand } from '../cli/command.ts';
import { identifier } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { orderFields } from './columns.ts';
import { findOrder } from './store.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: { order: identifier('ORDER', 'the order') },
  flags: {},
  fields: orderFields,
  examples: ['order show ord_01', 'order show ord_01 --json status,filled_quantity'],
  async run({ order }, ctx: Context) {
    return findOrder(await ctx.db(), order);
  },
});
