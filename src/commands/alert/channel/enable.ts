import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';
import { switching } from './switching.ts';

export const enable = defineCommand({
  ...switching,
  examples: ['alert channel enable desk'],
  async run({ channel }, ctx: Context) {
    const { setChannelEnabled } = await import('../../../operations/alerts/change-channel.ts');
    return setChannelEnabled(ctx, channel, true);
  },
});
