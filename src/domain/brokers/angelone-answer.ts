import { isObject } from '../../util/json.ts';
import { textIn } from './angelone-values.ts';

/** What an answer of Angel One means, whatever was asked. Texts are as the broker writes them. */
export type Meaning =
  | { kind: 'done'; data: unknown }
  /** The token is invalid or has ended: logging in again may help. Nothing was done. */
  | { kind: 'session'; code: string; text: string }
  /** The broker says no. Nothing was done. */
  | { kind: 'refused'; code: string; text: string }
  /** Too many calls, or a failure of the broker: a read may be repeated. Of a change, nobody knows what became of it. */
  | { kind: 'again'; code: string; text: string }
  /** No answer that says anything. Of a change, nobody knows what became of it. */
  | { kind: 'unclear'; text: string };

const SESSION = new Set(['AG8001', 'AG8002', 'AG8003', 'AB1010', 'AB1011', 'AB8050', 'AB8051']);
/** Something went wrong, unspecified, internal error: none of them says whether it was before or after the order. */
const AGAIN = new Set(['AB1004', 'AB2001']);
const UNSPECIFIED = 'AB2000';
const CODE = /^A[A-Z]\d{4}$/;
export const INVALID_API_KEY = 'AG8004';

/** The meaning of an HTTP answer: of both envelopes, and of what is neither. */
export function meaningOf(http: number, body: string): Meaning {
  const answer = parsed(body);
  if (http === 429 || (http === 403 && answer === undefined))
    return { kind: 'again', code: String(http), text: firstLine(body) || `HTTP ${http}` };
  if (http >= 500) return { kind: 'unclear', text: `HTTP ${http}` };
  if (body.trim() === '') return { kind: 'unclear', text: 'the answer is empty' };
  if (answer === undefined) return { kind: 'unclear', text: 'the answer is not what the broker documents' };
  return meaningOfEnvelope(http, answer);
}

function meaningOfEnvelope(http: number, answer: Record<string, unknown>): Meaning {
  const code = textIn(answer, 'errorcode') || textIn(answer, 'errorCode');
  const text = textIn(answer, 'message') || code;
  // One envelope has `status`, the other one `success`; in places, the word true.
  const success = String(answer['status'] ?? answer['success']).toLowerCase();
  if (success === 'true' && http < 300) return { kind: 'done', data: answer['data'] };
  if (SESSION.has(code)) return { kind: 'session', code, text };
  if (AGAIN.has(code)) return { kind: 'again', code, text };
  if (CODE.test(code) && code !== UNSPECIFIED) return { kind: 'refused', code, text };
  return { kind: 'unclear', text: text || 'the answer names no reason' };
}

function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.replace(/^\ufeff/, ''));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const firstLine = (body: string) => body.trim().split(/\r?\n/)[0]?.slice(0, 200) ?? '';

/** The id of an order in the data of a change that was accepted; '' for none. */
export const orderIdIn = (data: unknown): string => (isObject(data) ? textIn(data, 'orderid') : '');
