import type { ChannelState } from './message.ts';
import type { Failed } from './outcome.ts';

const DELAYS_MS = [5_000, 30_000, 300_000];
/** Between attempts of a message from then on; those of a channel, and of CRITICAL ones, stay at the last delay. */
const STEADY_MS = 1_800_000;
const STEADY_SHORT_MS = 300_000;
const JITTER = 0.2;
/** A channel that could not send so many times in a row, in about six minutes, needs somebody. */
const FAILS_AFTER = 4;
/** How long a message is tried, from its first attempt on, or from when somebody wants it to be tried again. */
export const RETRY_WINDOW_MS = 24 * 3_600_000;

/** What follows from an attempt that failed. */
interface NextStep {
  /** Until the next attempt, in milliseconds; undefined where the message is given up. */
  delayMs: number | undefined;
  /** What is wrong with the channel, for which all its messages wait; null where it is not to blame. */
  channel_state: ChannelState | null;
}

/**
 * What follows from an attempt that failed. What is refused for its own sake is given up. Others are tried again after 5 s, 30 s and 5
 * min, give or take a fifth, and not before the receiver wants it: a channel every 5 min from then on, a message for whose own sake it
 * failed every half hour or, if CRITICAL, every 5 min. `random` is from 0 to 1.
 */
export function nextStep(
  { outcome, fault, afterMs }: Pick<Failed, 'outcome' | 'fault' | 'afterMs'>,
  sending: {
    attempts: number;
    /** Of the channel, in a row. */
    failures: number;
    /** Whether the channel has taken another message since this one was composed. */
    tookAnother: boolean;
    critical: boolean;
    /** Until the message is given up. */
    leftMs: number;
    random: number;
  },
): NextStep {
  const { attempts, failures, tookAnother, critical, leftMs, random } = sending;
  const isOfChannel = fault === 'channel' || (fault === 'either' && !tookAnother);
  const needsSomebody = (outcome === 'refused' && fault === 'channel') || failures >= FAILS_AFTER;
  const channel_state = !isOfChannel ? null : needsSomebody ? 'FAILING' : 'WAITING';
  if (leftMs <= 0 || (outcome === 'refused' && !isOfChannel)) return { delayMs: undefined, channel_state };
  const tries = isOfChannel ? failures : attempts;
  const delay = DELAYS_MS[tries - 1] ?? (isOfChannel || critical ? STEADY_SHORT_MS : STEADY_MS);
  return {
    delayMs: Math.max(afterMs, Math.round(delay * (1 - JITTER + 2 * JITTER * random))),
    channel_state,
  };
}
