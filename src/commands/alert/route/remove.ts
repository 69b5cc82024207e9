import { defineCommand } from '../../../cli/command.ts';
import { identifier } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { routeFields } from './fields.ts';

export const remove = defineCommand({
  effect: 'destroy',
  phase: 4,
  args: { route: identifier('ROUTE', 'the route') },
  flags: {},
  fields: routeFields,
  answer: ({ route_id, channel }) => ({
    done: `Removed ${route_id} to ${channel}`,
    next: ['alert', 'route', 'list'],
  }),
  examples: ['alert route remove rte_01KFZ2 --yes'],
  details: 'What waits to be sent by it is not sent, and the record of what it sent is removed.',
  async run({ route }, ctx: Context) {
    const { removeRoute } = await import('../../../operations/alerts/routes.ts');
    return removeRoute(ctx, route);
  },
});
