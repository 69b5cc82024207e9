import type { ChannelTerms } from '../../domain/alerts/channel.ts';
import type { SendOutcome } from '../../domain/alerts/outcome.ts';
import { escapeControls, truncate } from '../../util/text.ts';
import { redactor } from '../secrets/redact.ts';
import type { Envelope } from './envelope.ts';

const MOST_ANSWER_CHARS = 300;

/** A channel with its secrets, the present one first; none where it needs none. */
export type OpenChannel = ChannelTerms & { secrets: readonly string[] };

/** Sends a message through a channel, once. What it says of the answer is one line without secrets. Never throws. */
export async function send(channel: OpenChannel, envelope: Envelope): Promise<SendOutcome> {
  const sent = await dispatch(channel, envelope);
  const hide = redactor([...channel.secrets, ...quotedSecrets(channel)]);
  const shown = (text: string) => truncate(escapeControls(hide(text)), MOST_ANSWER_CHARS);
  return sent.outcome === 'sent'
    ? { ...sent, provider_id: shown(sent.provider_id) }
    : { ...sent, reason: shown(sent.reason) };
}

/** In which other forms an answer may quote secrets: the path of a URL that is secret as a whole, and the line of a login. */
function quotedSecrets({ kind, settings, secrets }: OpenChannel): string[] {
  if (kind === 'slack') return secrets.map((url) => new URL(url).pathname);
  // As AUTH PLAIN has it; in base64 the password cannot be told from what is before it.
  return kind === 'email' ? secrets.map((password) => `\0${settings.login}\0${password}`) : [];
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
