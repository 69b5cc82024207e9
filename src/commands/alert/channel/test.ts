import { defineCommand } from '../../../cli/command.ts';
import { Finding } from '../../../cli/result.ts';
import type { Context } from '../../../context.ts';
import { channelArgument } from './flags.ts';

export const test = defineCommand({
  effect: 'read',
  roles: ['operator', 'cron'],
  phase: 4,
  args: { channel: channelArgument },
  flags: {},
  fields: {
    channel: { type: 'text' },
    delivery_id: { type: 'text' },
    outcome: { type: 'text' },
    problem: { type: 'text' },
    provider_id: { type: 'text' },
  },
  answer: ({ channel, delivery_id }) => ({
    done: `Sent a test to ${channel} (${delivery_id})`,
    next: ['alert', 'route', 'list'],
  }),
  examples: ['alert channel test desk'],
  details: `Sends one message that says that it is a test, also through a channel that is disabled, and says what came back. Ends 6 where
it was not taken, 7 where nobody answered. Changes nothing here.`,
  async run({ channel }, ctx: Context) {
    const { testChannel } = await import('../../../operations/alerts/test-channel.ts');
    const { row, away } = await testChannel(ctx, channel);
    if (row.outcome === 'sent') return row;
    return new Finding(row, away ? 'unreachable' : 'found');
  },
});
