import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 4,
  args: {},
  flags: {},
  fields: {
    channel: { type: 'text' },
    kind: { type: 'text' },
    destination: { type: 'text' },
    enabled: { type: 'boolean' },
    routes: { type: 'integer' },
    waiting: { type: 'integer' },
    pending: { type: 'integer' },
    dead: { type: 'integer' },
    failing: { type: 'boolean' },
    sent_at: { type: 'time' },
    last_error: { type: 'text', minor: true },
    created_at: { type: 'time', minor: true },
  },
  madeBy: 'alert channel add',
  examples: ['alert channel list', 'alert channel list --json channel,dead'],
  details: `Notifications wait until they are part of a message; a message is pending until it is sent, and dead once it is given up:
refused, or not sent for a day. A channel is failing while it needs somebody: it refuses what it is sent, or could not be
reached four times in a row. alert channel test says what it answers.`,
  async run(_input, ctx: Context) {
    const { listChannels } = await import('../../../operations/alerts/list-channels.ts');
    return listChannels(await ctx.source());
  },
});
