import * as z from 'zod/mini';
import { shortTextOf } from '../../domain/alerts/message.ts';
import {
  boundedWaitMs,
  outcomeOfStatus,
  refused,
  retryAfterMs,
  type SendOutcome,
} from '../../domain/alerts/outcome.ts';
import { parseJson } from '../../util/json.ts';
import type { Envelope } from './envelope.ts';
import { post } from './post.ts';

const MOST_CHARS = 4_096;

/** Refusals that answer 400 as those of a text do. */
const OF_THE_CHAT = /chat not found|chat_id|group chat|chat was deactivated|not enough rights|peer_id/i;

const shape = z.object({
  description: z.optional(z.string()),
  parameters: z.optional(z.object({ retry_after: z.optional(z.number()) })),
  result: z.optional(z.object({ message_id: z.number() })),
});

/** Sends the text of a message to a chat through the API of Telegram's bots, whose root is `url`. */
export async function sendTelegram(
  { url, chat }: { url: string; chat: string },
  token: string,
  { id, message, at, timeZone, signal }: Envelope,
): Promise<SendOutcome> {
  const text = shortTextOf(message, id, timeZone, MOST_CHARS);
  const body = JSON.stringify({ chat_id: chat, text, link_preview_options: { is_disabled: true } });
  return post(
    `${url.replace(/\/+$/, '')}/bot${token}/sendMessage`,
    { body, signal },
    ({ status, body, retryAfter }) => {
      const { description = '', parameters, result } = answerOf(body);
      const afterMs = boundedWaitMs((parameters?.retry_after ?? 0) * 1_000) || retryAfterMs(retryAfter, at);
      const answered = outcomeOfStatus(status, {
        reason: description,
        afterMs,
        provider_id: result ? String(result.message_id) : '',
      });
      return answered.outcome === 'refused' && OF_THE_CHAT.test(description)
        ? refused(answered.reason, 'channel')
        : answered;
    },
  );
}

function answerOf(body: string): z.infer<typeof shape> {
  try {
    return shape.parse(parseJson(body));
  } catch {
    return {};
  }
}
