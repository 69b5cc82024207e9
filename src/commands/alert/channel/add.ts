import { defineCommand } from '../../../cli/command.ts';
import { choice, integer, optional, text } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { CHANNEL_KINDS, MAIL_TLS } from '../../../domain/alerts/channel.ts';
import { channelArgument, secretFlags } from './flags.ts';

export const add = defineCommand({
  effect: 'write',
  phase: 4,
  repeat: 'once',
  args: { channel: channelArgument, kind: choice(CHANNEL_KINDS, 'KIND', 'how it sends') },
  flags: {
    host: optional(text('HOST', 'of the mail server')),
    port: optional(integer('PORT', 'of the mail server; 587, or 465 with --tls implicit', 1, 65_535)),
    tls: optional(choice(MAIL_TLS, 'TLS', 'of the mail server; starttls, or none where it is this machine')),
    login: optional(text('LOGIN', 'of the mail account, whose password is the secret')),
    from: optional(text('ADDRESS', 'the sender of mail', 254)),
    to: optional(text('ADDRESS', 'the receiver of mail', 254)),
    url: optional(text('URL', 'of a webhook; of telegram, another root than that of its API', 2_000)),
    chat: optional(text('CHAT', 'the chat of telegram, by its number or @name')),
    ...secretFlags,
  },
  fields: {
    channel: { type: 'text' },
    kind: { type: 'text' },
    destination: { type: 'text' },
    enabled: { type: 'boolean' },
    key_id: { type: 'text' },
    created_at: { type: 'time' },
  },
  answer: ({ channel, kind, destination }) => ({
    done: `Added ${channel}: ${kind} to ${destination}`,
    next: ['alert', 'channel', 'test', channel],
  }),
  examples: [
    'alert channel add desk email --host smtp.example.com --login alerts@example.com --from alerts@example.com --to desk@example.com',
    'alert channel add pager webhook --url https://hooks.example.com/pinnacle --from-file /run/secrets/webhook',
    'alert channel add phone telegram --chat -1001234567890 --secret-stdin',
    'alert channel add team slack --secret-stdin',
  ],
  details: `The secret is the password of the mail account, the signing secret of the webhook (whsec_ and base64), the token of the bot,
or the URL of the incoming webhook of Slack or of a server that takes the same JSON. On a terminal it is prompted for; it is encrypted with
the active key of the key ring and never shown. Mail without --login has none. One channel is one receiver, so that a message arrives
or does not. Other hosts are reached by TLS with a valid certificate, unless --tls none or --plain-http says otherwise; a login is never sent to them
without it.`,
  async run({ channel, ...input }, ctx: Context) {
    const { addNamedChannel } = await import('../../../operations/alerts/name-channel.ts');
    return addNamedChannel(ctx, channel, input);
  },
});
