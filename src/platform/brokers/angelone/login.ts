import { meaningOf } from '../../../domain/brokers/angelone-answer.ts';
import { isObject } from '../../../util/json.ts';
import { escapeControls, truncate } from '../../../util/text.ts';
import { redactor } from '../../secrets/redact.ts';
import { type Endpoint, exchange } from './http.ts';

/** What a trader logs in with. */
export interface LoginSecrets {
  clientCode: string;
  apiKey: string;
  pin: string;
  totp: string;
}

export interface LoginTokens {
  jwt: string;
  /** When the token says that it ends; undefined where it does not. */
  endsAt: Date | undefined;
}

/** What became of a login. */
export type LoginAnswer = {
  /** How far the clock of the broker is ahead, milliseconds; undefined where the answer does not say. */
  aheadMs: number | undefined;
} & (
  | { outcome: 'done'; tokens: LoginTokens }
  | { outcome: 'refused'; code: string; text: string }
  | { outcome: 'unreachable'; text: string }
);

const LOGIN = '/rest/auth/angelbroking/user/v1/loginByPassword';
const LOGOUT = '/rest/secure/angelbroking/user/v1/logout';
const MAX_TEXT = 300;

/** Logs in once. Never throws; no text of the answer has a secret. */
export async function sendLogin(
  endpoint: Endpoint,
  secrets: LoginSecrets,
  now: () => Date,
): Promise<LoginAnswer> {
  const { clientCode, apiKey, pin, totp } = secrets;
  const sentAt = now();
  const got = await exchange(endpoint, {
    path: LOGIN,
    apiKey,
    body: { clientcode: clientCode, password: pin, totp },
  });
  if (got.kind !== 'answered') return { outcome: 'unreachable', text: got.reason, aheadMs: undefined };
  const aheadMs = ahead(got.date, sentAt, now());
  const redact = redactor([apiKey, pin, totp]);
  const say = (text: string) => truncate(escapeControls(redact(text)), MAX_TEXT);
  const meaning = meaningOf(got.status, got.body);
  if (meaning.kind === 'refused' || meaning.kind === 'session')
    return { outcome: 'refused', code: meaning.code, text: say(meaning.text), aheadMs };
  if (meaning.kind !== 'done') return { outcome: 'unreachable', text: say(meaning.text), aheadMs };
  const jwt = isObject(meaning.data) ? meaning.data['jwtToken'] : undefined;
  if (typeof jwt !== 'string' || !/^[\x21-\x7e]+$/.test(jwt))
    return { outcome: 'unreachable', text: 'the answer has no token', aheadMs };
  // Some answers have the word Bearer in front.
  const token = jwt.replace(/^Bearer\s*/i, '');
  return { outcome: 'done', tokens: { jwt: token, endsAt: endOf(token) }, aheadMs };
}

/** Ends a session; resolves to why that failed, undefined if it did not. A session that the broker does not know has ended. */
export async function sendLogout(
  endpoint: Endpoint,
  session: { clientCode: string; apiKey: string; token: string },
): Promise<string | undefined> {
  const { clientCode, apiKey, token } = session;
  const got = await exchange(endpoint, { path: LOGOUT, apiKey, token, body: { clientcode: clientCode } });
  if (got.kind !== 'answered') return got.reason;
  const meaning = meaningOf(got.status, got.body);
  if (meaning.kind === 'done' || meaning.kind === 'session') return undefined;
  return truncate(escapeControls(redactor([apiKey, token])(meaning.text)), MAX_TEXT);
}

/** How far the Date of an answer, which has whole seconds, is ahead of the middle of the call. */
function ahead(date: string | null, sentAt: Date, answeredAt: Date): number | undefined {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return undefined;
  return Math.round(theirs + 500 - (sentAt.getTime() + answeredAt.getTime()) / 2);
}

/** When a JSON Web Token ends. It is not verified: only the broker could be deceived by it. */
function endOf(token: string): Date | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    const end = isObject(payload) ? payload['exp'] : undefined;
    return typeof end === 'number' && end > 0 && end < 1e11 ? new Date(end * 1_000) : undefined;
  } catch {
    return undefined;
  }
}
