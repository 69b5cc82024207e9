import { defineCommand } from '../../cli/command.ts';
import { reference } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { findNotification } from '../../trading/notifications/store.ts';
import { notificationFields } from './fields.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 3,
  args: { notification: reference('NOTIFICATION', 'the notification') },
  flags: {},
  fields: { ...notificationFields, data: { type: 'json' } },
  examples: ['notification show ntf_01', 'notification show ntf_01 --json data'],
  details: 'Does not mark it as read; to do so: pinnacle notification read',
  async run({ notification }, ctx: Context) {
    return findNotification(await ctx.db(), notification);
  },
});
