import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, reference, toggle } from '../../cli/flags.ts';
import { optionalFields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { notificationFields } from './fields.ts';

export const read = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 3,
  args: { notification: optional(reference('NOTIFICATION', 'one notification')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'with --all: every notification of this user')),
    system: toggle('with --all: every system-wide notification'),
    all: toggle('every unread notification'),
  },
  fields: { read: { type: 'integer' }, ...optionalFields(notificationFields) },
  answer: ({ read, notification_id, title }) => ({
    done: notification_id
      ? `Read ${notification_id}: ${title}`
      : `Read ${pluralize(Number(read), 'notification')}`,
    next: ['notification', 'list', '--unread'],
  }),
  examples: ['notification read ntf_01', 'notification read --user trader_001 --all'],
  details: `Marking a notification that is already read changes nothing and ends 0. System-wide notifications are read once for
everyone, so --user does not include them. --all alone includes those of every user and the system-wide ones, and needs
--yes.`,
  async run({ notification, user, system, all }, ctx: Context) {
    if (user !== undefined && system) throw usage('--user and --system exclude each other.');
    if (notification !== undefined && (all || system || user !== undefined))
      throw usage('Name one notification or describe many, not both.');
    if (notification === undefined && !all)
      throw usage('Say what to mark: one notification by its id, or many with --all.');
    const { markAllRead, markRead } = await import('../../trading/notifications/mark-read.ts');
    return notification === undefined ? markAllRead(ctx, { user, system }) : markRead(ctx, notification);
  },
});
