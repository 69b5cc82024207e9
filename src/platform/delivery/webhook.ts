import { createHmac } from 'node:crypto';
import { signingKey } from '../../domain/alerts/channel.ts';
import { outcomeOfStatus, refused, retryAfterMs, type SendOutcome } from '../../domain/alerts/outcome.ts';
import type { Envelope } from './envelope.ts';
import { post } from './post.ts';

/**
 * Posts a message as JSON with the headers of Standard Webhooks: `webhook-id` is the same for every attempt, and the signature is one
 * for each secret, so that the receiver may change it meanwhile.
 */
export async function sendWebhook(
  url: string,
  secrets: readonly string[],
  { id, message, at, signal }: Envelope,
): Promise<SendOutcome> {
  const body = JSON.stringify({ type: 'pinnacle.alert', id, ...message });
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures: string[] = [];
  for (const secret of secrets) {
    const key = signingKey(secret);
    if (!key) return refused('its secret is not whsec_ and base64', 'channel');
    signatures.push(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  }
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
  return post(url, { headers, body, signal }, ({ status, body, retryAfter }) =>
    outcomeOfStatus(status, { reason: body, afterMs: retryAfterMs(retryAfter, at), provider_id: '' }),
  );
}
