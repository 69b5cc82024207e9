import { channelArgument } from './flags.ts';

/** What both verbs are that turn a channel on and off. */
export const switching = {
  effect: 'write',
  phase: 4,
  repeat: 'once',
  args: { channel: channelArgument },
  flags: {},
  fields: { channel: { type: 'text' }, kind: { type: 'text' }, enabled: { type: 'boolean' } },
  answer: ({ channel, enabled }: { channel: string | null; enabled: boolean | null }) => ({
    done: `${enabled ? 'Enabled' : 'Disabled'} ${channel}`,
    next: ['alert', 'channel', 'list'],
  }),
} as const;
