import { defineCommand } from '../cli/command.ts';
import { identifier } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { orderFields } from './columns.ts';
import { lifeFields, lifeOf } from './life.ts';
import { findOrder } from './store.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 1,
  args: { order: identifier('ORDER', 'the order') },
  flags: {},
  fields: { ...orderFields, life: { type: 'rows', of: lifeFields } },
  examples: ['order show ord_01', 'order show ord_01 --json status,filled_quantity'],
  details:
    'Its life: placement, fills and what they did to positions, notifications and audit rows, in time order.',
  async run({ order }, ctx: Context) {
    const db = await ctx.db();
    const found = await findOrder(db, order);
    return { ...found, life: await lifeOf(db, found, await ctx.phase()) };
  },
});
