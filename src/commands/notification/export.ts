import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { exportDetails, exported, exportFields, exportFlags, exportQuery } from '../_shared/export.ts';
import { notificationFields } from './fields.ts';
import { notificationFilter, selectNotifications } from './filter.ts';

export const exportNotifications = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ output }) => output === undefined,
  phase: 3,
  args: {},
  flags: { ...notificationFilter, ...exportFlags },
  fields: exportFields,
  answer: exported,
  examples: ['notification export --level error --output notifications.ndjson --format ndjson'],
  details: exportDetails,
  async run(input, ctx: Context) {
    await requireNamed(await ctx.db(), input);
    const parts = await selectNotifications(input, ctx);
    return exportQuery(
      ctx,
      input,
      async () => parts.reduce((all, part) => all.unionAll(part)),
      notificationFields,
    );
  },
});
