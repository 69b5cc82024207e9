import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';
import { pluralize } from '../../../util/text.ts';
import { channelArgument } from './flags.ts';

export const remove = defineCommand({
  effect: 'destroy',
  phase: 4,
  args: { channel: channelArgument },
  flags: {},
  fields: {
    channel: { type: 'text' },
    kind: { type: 'text' },
    enabled: { type: 'boolean' },
    routes: { type: 'integer' },
    unsent: { type: 'integer' },
  },
  answer: ({ channel, unsent }) => ({
    done: `Removed ${channel}${unsent ? `; ${pluralize(Number(unsent), 'notification')} were not sent` : ''}`,
    next: ['alert', 'channel', 'list'],
  }),
  examples: ['alert channel remove desk --yes'],
  details:
    'Removes its routes, and the record of what it sent. How many notifications were not sent is in the column unsent.',
  async run({ channel }, ctx: Context) {
    const { removeChannel } = await import('../../../operations/alerts/change-channel.ts');
    return removeChannel(ctx, channel);
  },
});
