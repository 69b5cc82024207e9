import { defineCommand } from '../../../cli/command.ts';
import { duration, withDefault } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { minuteText } from '../../../domain/instant.ts';
import { channelArgument, secretFlags } from './flags.ts';

export const rotate = defineCommand({
  effect: 'write',
  phase: 4,
  args: { channel: channelArgument },
  flags: {
    ...secretFlags,
    grace: withDefault(duration('how long the secret before signs as well, of a webhook'), '24h'),
  },
  fields: {
    channel: { type: 'text' },
    kind: { type: 'text' },
    key_id: { type: 'text' },
    old_secret_until: { type: 'time' },
  },
  answer: ({ channel, old_secret_until }) => ({
    done: `Replaced the secret of ${channel}${old_secret_until === null ? '' : `; the one before signs until ${minuteText(old_secret_until)}`}`,
    next: ['alert', 'channel', 'test', channel],
  }),
  examples: [
    'alert channel rotate pager --from-file /run/secrets/new-webhook --grace 48h',
    'alert channel rotate desk',
  ],
  details: `A webhook is signed with both secrets meanwhile, so that the receiver can change its own at any time. The secrets of other
channels are replaced at once. What the channel refused is due at once.`,
  async run({ channel, secretStdin, fromFile, plainHttp, grace }, ctx: Context) {
    const { rotateSecret } = await import('../../../operations/alerts/change-channel.ts');
    return rotateSecret(ctx, channel, { stdin: secretStdin, file: fromFile, plainHttp }, grace);
  },
});
