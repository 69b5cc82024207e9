/** What became of one attempt to send a message. */
export type SendOutcome =
  | { outcome: 'sent'; provider_id: string }
  /** Another attempt may succeed, at the earliest after `afterMs`. `away`: nobody answered. */
  | { outcome: 'failed'; reason: string; away: boolean; afterMs: number }
  /** No other attempt will. */
  | { outcome: 'refused'; reason: string };

/** An outcome after which the message is tried again. */
export const failed = (reason: string, afterMs = 0): SendOutcome => ({
  outcome: 'failed',
  reason,
  away: false,
  afterMs,
});

/** The same where nobody answered. */
export const away = (reason: string): SendOutcome => ({ outcome: 'failed', reason, away: true, afterMs: 0 });

// Timeout of the request, too early, too many.
const PASSING = [408, 425, 429];

/** What an answer to a POST means: 2xx has it, 5xx and a few others will have it later, all others never. */
export function outcomeOfStatus(
  status: number,
  { reason, afterMs, provider_id }: { reason: string; afterMs: number; provider_id: string },
): SendOutcome {
  if (status >= 200 && status < 300) return { outcome: 'sent', provider_id };
  const text = `answered ${status}${reason === '' ? '' : `: ${reason}`}`;
  return status >= 500 || PASSING.includes(status)
    ? failed(text, afterMs)
    : {
        outcome: 'refused',
        reason: status >= 300 && status < 400 ? `${text} (redirects are not followed)` : text,
      };
}

const MOST_WAIT_MS = 6 * 3_600_000;

/** A wait that a receiver asks for, in milliseconds: at most six hours, whatever it says. */
export const boundedWaitMs = (ms: number): number => Math.min(Math.max(ms, 0), MOST_WAIT_MS);

/** How long a Retry-After header asks to wait, seconds or a date, at most six hours; 0 for none. */
export function retryAfterMs(header: string | null, now: Date): number {
  if (header === null) return 0;
  const wait = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isNaN(wait) ? 0 : boundedWaitMs(wait);
}
