import { shortTextOf } from '../../domain/alerts/message.ts';
import { outcomeOfStatus, retryAfterMs, type SendOutcome } from '../../domain/alerts/outcome.ts';
import type { Envelope } from './envelope.ts';
import { post } from './post.ts';

const MOST_CHARS = 30_000;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Posts the text of a message to an incoming webhook of Slack, or of a server that takes the same. */
export async function sendSlack(
  url: string,
  { id, message, at, timeZone, signal }: Envelope,
): Promise<SendOutcome> {
  const text = shortTextOf(message, id, timeZone, MOST_CHARS);
  // Nothing in it is a mention, a link or a channel.
  const body = JSON.stringify({ text: text.replace(/[&<>]/g, (char) => ESCAPES[char] ?? char) });
  return post(url, { body, signal }, ({ status, body, retryAfter }) =>
    outcomeOfStatus(status, { reason: body, afterMs: retryAfterMs(retryAfter, at), provider_id: '' }),
  );
}
