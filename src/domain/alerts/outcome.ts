/**
 * Whose fault it is that a message was not taken: one that is either's is the message's where the channel has taken another since it was
 * composed, and the channel's where it has not.
 */
type Fault = 'channel' | 'message' | 'either';

/** An attempt that did not succeed: what `failed` may succeed later, what is `refused` only once somebody changes something. */
export interface Failed {
  outcome: 'failed' | 'refused';
  fault: Fault;
  reason: string;
  /** Whether nobody answered. */
  away: boolean;
  /** How long the receiver wants to be left alone, in milliseconds. */
  afterMs: number;
}

/** What became of one attempt to send a message. */
export type SendOutcome = { outcome: 'sent'; provider_id: string } | Failed;

/** An attempt that may succeed later. */
export const failed = (reason: string, fault: Fault = 'either', afterMs = 0): Failed => ({
  outcome: 'failed',
  fault: afterMs > 0 ? 'channel' : fault,
  reason,
  away: false,
  afterMs,
});

/** The same where nobody answered; of the channel where it could not be reached at all. */
export const away = (reason: string, fault: Fault = 'either'): Failed => ({
  ...failed(reason, fault),
  away: true,
});

/** An attempt that was refused. */
export const refused = (reason: string, fault: Fault): Failed => ({
  outcome: 'refused',
  fault,
  reason,
  away: false,
  afterMs: 0,
});

// Timeout of the request, too early.
const PASSING = [408, 425];
/** Too many, and not available: with Retry-After or without. */
const BUSY = [429, 503];
const TOO_LARGE = 413;
/** A body that is not understood, whoever is wrong about it. */
const UNREADABLE = [400, 422];

/** What an answer to a POST means. */
export function outcomeOfStatus(
  status: number,
  { reason, afterMs, provider_id }: { reason: string; afterMs: number; provider_id: string },
): SendOutcome {
  if (status >= 200 && status < 300) return { outcome: 'sent', provider_id };
  const text = `answered ${status}${reason === '' ? '' : `: ${reason}`}`;
  if (BUSY.includes(status)) return failed(text, 'channel', afterMs);
  if (status >= 500 || PASSING.includes(status)) return failed(text, 'either', afterMs);
  if (status === TOO_LARGE) return refused(text, 'message');
  if (UNREADABLE.includes(status)) return refused(text, 'either');
  return refused(status < 400 ? `${text} (redirects are not followed)` : text, 'channel');
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
