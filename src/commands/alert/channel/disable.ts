import { defineCommand } from '../../../cli/command.ts';
import type { Context } from '../../../context.ts';
import { switching } from './switching.ts';

export const disable = defineCommand({
  ...switching,
  examples: ['alert channel disable desk'],
  async run({ channel }, ctx: Context) {
    const { setChannelEnabled } = await import('../../../operations/alerts/change-channel.ts');
    return setChannelEnabled(ctx, channel, false);
  },
});
