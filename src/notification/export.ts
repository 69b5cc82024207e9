import { defineCommand } from '../cli/command.ts';
import type { Context } from '../context.ts';
import { exportDetails, exportFields, exportFlags, exportQuery } from '../export/verb.ts';
import { notificationFields } from './columns.ts';
import { notificationFilter, selectNotifications } from './filter.ts';

export const exportNotifications = defineCommand({
  effect: 'read',
  phase: 3,
  args: {},
  flags: { ...notificationFilter, ...exportFlags },
  fields: exportFields,
  examples: ['notification export --level error --output notifications.ndjson --format ndjson'],
  details: exportDetails,
  async run(input, ctx: Context) {
    return exportQuery(ctx, input, await selectNotifications(input, ctx), notificationFields);
  },
});
