import * as z from 'zod/mini';
import { shortTextOf } from '../../domain/alerts/message.ts';
import {
  boundedWaitMs,
  outcomeOfStatus,
  retryAfterMs,
  type SendOutcome,
} from '../../domain/alerts/outcome.ts';
import { parseJson } from '../../util/json.ts';
import type { Envelope } from './envelope.ts';
import { post } from './post.ts';

const MOST_CHARS = 4_096;

const answered = z.object({
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
      return outcomeOfStatus(status, {
        reason: description,
        afterMs,
        provider_id: result ? String(result.message_id) : '',
      });
    },
  );
}

function answerOf(body: string): z.infer<typeof answered> {
  try {
    return answered.parse(parseJson(body));
  } catch {
    return {};
  }
}
