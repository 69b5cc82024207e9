import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';
import { routeFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 4,
  args: {},
  flags: {},
  fields: routeFields,
  madeBy: 'alert route add',
  examples: ['alert route list', 'alert route list --json route_id,channel,min_level'],
  details:
    'group_wait and repeat_after are in seconds; no types stand for all, no user for everybody and the system.',
  async run(_input, ctx: Context) {
    const { listRoutes } = await import('../../../operations/alerts/routes.ts');
    return listRoutes(await ctx.source());
  },
});
