import { away, refused, type SendOutcome } from '../../domain/alerts/outcome.ts';
import { readBounded } from '../../util/read-bounded.ts';
import { isTlsFailure, readHttpFailure } from '../http-failure.ts';

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 65_536;

/** What a server answered; of its body at most 64 KiB. */
export interface Answer {
  status: number;
  body: string;
  retryAfter: string | null;
}

/** Sends a POST to a URL and waits ten seconds at most. Follows no redirect: another host must not be given what it has. */
export async function post(
  url: string,
  { headers = {}, body, signal }: { headers?: Record<string, string>; body: string; signal: AbortSignal },
  outcomeOf: (answer: Answer) => SendOutcome,
): Promise<SendOutcome> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'pinnacle', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, timeout]),
    });
    const answer = { status: response.status, retryAfter: response.headers.get('retry-after') };
    return outcomeOf({ ...answer, body: await textOf(response).catch(() => '') });
  } catch (error) {
    if (timeout.aborted) return away(`no answer within ${TIMEOUT_MS / 1_000} s`);
    const { code, unsent } = readHttpFailure(error);
    // Its text would quote the URL.
    const reason = `no connection (${code})`;
    if (isTlsFailure(code)) return { ...refused(reason, 'channel'), away: true };
    return away(reason, unsent ? 'channel' : 'either');
  }
}

const textOf = async (response: Response) =>
  (await readBounded(response.body, MAX_ANSWER_BYTES)).bytes.toString('utf8');
