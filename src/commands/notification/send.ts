import { defineCommand } from '../../cli/command.ts';
import { choice, json, optional, parsed, text, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ALERT_LEVELS, NOTIFICATION_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { notificationFields } from './fields.ts';

export const send = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 3,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'the recipient')),
    system: toggle('send it to everyone'),
    type: choice(NOTIFICATION_TYPES, 'TYPE', 'the type'),
    level: withDefault(choice(ALERT_LEVELS, 'LEVEL', 'the alert level'), 'INFO'),
    title: text('TITLE', 'the title', 200),
    message: text('TEXT', 'the message', 10_000),
    data: optional(json('JSON', 'additional data for programs, a JSON object')),
  },
  fields: { ...notificationFields, data: { type: 'json' } },
  answer: ({ notification_id, alert_level, title, user_id }) => ({
    done: `Sent ${notification_id}: ${alert_level} ${title}, to ${user_id ?? 'everyone'}`,
    next: ['notification', 'show', notification_id],
  }),
  examples: [
    'notification send --system --type SERVICE_DOWN --level ERROR --title "Market data is down" --message "Since 09:20 IST"',
    `notification send --user trader_001 --type RISK_ALERT --title "Call us" --message "About today" --data '{"ticket":42}'`,
  ],
  async run({ user, system, type, level, title, message, data = {} }, ctx: Context) {
    if ((user !== undefined) === system)
      throw usage('Say who it is for: --user USER, or --system for everyone.');
    const { sendNotification } = await import('../../trading/notifications/send-notification.ts');
    return sendNotification(ctx, {
      user_id: user ?? null,
      notification_type: type,
      alert_level: level,
      title,
      message,
      data,
    });
  },
});
