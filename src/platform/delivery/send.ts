import type { ChannelTerms } from '../../domain/alerts/channel.ts';
import type { SendOutcome } from '../../domain/alerts/outcome.ts';
import { escapeControls, truncate } from '../../util/text.ts';
import { redactor } from '../secrets/redact.ts';
import type { Envelope } from './envelope.ts';

const MOST_REASON_CHARS = 300;

/** A channel with its secrets, the present one first; none where it needs none. */
export type OpenChannel = ChannelTerms & { secrets: readonly string[] };

/** Sends a message through a channel, once. What it says of a failure is one line without secrets. Never throws. */
export async function send(channel: OpenChannel, envelope: Envelope): Promise<SendOutcome> {
  const sent = await dispatch(channel, envelope);
  if (sent.outcome === 'sent') return sent;
  // An answer may quote the path of a URL that is secret as a whole.
  const paths = channel.kind === 'slack' ? channel.secrets.map((url) => new URL(url).pathname) : [];
  const hide = redactor([...channel.secrets, ...paths]);
  return { ...sent, reason: truncate(escapeControls(hide(sent.reason)), MOST_REASON_CHARS) };
}

async function dispatch(channel: OpenChannel, envelope: Envelope): Promise<SendOutcome> {
  const [secret = ''] = channel.secrets;
  switch (channel.kind) {
    case 'email':
      return (await import('./email.ts')).sendEmail(channel.settings, secret, envelope);
    case 'webhook':
      return (await import('./webhook.ts')).sendWebhook(channel.settings.url, channel.secrets, envelope);
    case 'telegram':
      return (await import('./telegram.ts')).sendTelegram(channel.settings, secret, envelope);
    case 'slack':
      return (await import('./slack.ts')).sendSlack(secret, envelope);
  }
}
