import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { type AlertMessage, type DeliveryState, lateMessage } from '../../domain/alerts/message.ts';
import { quietUntil } from '../../domain/alerts/quiet-hours.ts';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { type OpenChannel, send } from '../../platform/delivery/send.ts';
import { CHANNEL_STATE_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { readTradingZone } from '../../trading/trading-day.ts';
import { formatDuration } from '../../util/duration.ts';
import { Failure, isTransient } from '../../util/failure.ts';
import { composeAll } from './compose.ts';
import {
  type Claimed,
  claimNext,
  dueChannels,
  EXPIRED,
  endExpired,
  recordOutcome,
} from './delivery-store.ts';
import { openChannel } from './open-channel.ts';
import { takeIn } from './take-in.ts';

/** One attempt to send a message. */
export interface Attempt {
  at: Instant;
  delivery_id: string;
  channel: string;
  route_id: string;
  state: DeliveryState;
  attempts: number;
  notifications: number;
  title: string;
  problem: string;
  /** Whether nobody answered. */
  away: boolean;
  /** Whether it needs somebody before it is taken. */
  refused: boolean;
}

/** How opening a channel fails: it was removed meanwhile; its secret cannot be decrypted; there is no key ring. */
const UNOPENED: readonly Failure['kind'][] = ['notFound', 'integrity', 'config'];

/** A run sends at most so many messages of a channel before it looks for what is new. */
const MOST_AT_ONCE = 20;
/** And takes no other one after so long: the others must not wait for a slow channel with what is new. */
const MOST_MS_AT_ONCE = 5_000;
/** What is sent so much later than it was composed says so. */
const LATE_MS = 3_600_000;

/**
 * Sends what is due, through all channels at once and through each one after the other; gives every attempt, and what the run must end
 * with. An attempt is committed before it begins and after it ends: what is interrupted between is sent again under the same
 * id. `broken` says which channels could not be opened, whose messages are not tried then. Throws PHASE_NEEDED.
 */
export async function deliverDue(ctx: Context) {
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  if (ctx.dryRun) return { attempts: [], broken: [], verdict: undefined };
  const { attempts, broken } = await pass(ctx);
  return { attempts, broken, verdict: broken.length > 0 ? ('integrity' as const) : verdictOf(attempts) };
}

/**
 * Delivers every so often, for so long or until interrupted, in milliseconds; gives attempts as they come. A database that goes away is
 * told of once and waited for, one that is away at the start thrown; a channel that cannot be opened is told of once.
 */
export async function* followAlerts(
  ctx: Context,
  { intervalMs, forMs = Number.POSITIVE_INFINITY }: { intervalMs: number; forMs: number | undefined },
): AsyncGenerator<Attempt> {
  const end = performance.now() + forMs;
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  let told: string[] = [];
  let isAway = false;
  for (;;) {
    const done = await deliverDue(ctx).catch(async (error: unknown) => {
      const failure = await ctx.explain(error);
      if (!mayPass(failure)) throw failure;
      if (!isAway) await ctx.io.warn(`${failure.message} Retrying.`);
      isAway = true;
      return undefined;
    });
    if (done) {
      isAway = false;
      const problems = done.broken.map(({ message }) => message);
      for (const problem of problems) if (!told.includes(problem)) await ctx.io.warn(problem);
      told = problems;
      yield* done.attempts;
    }
    const rest = end - performance.now();
    if (rest <= 0) return;
    await sleep(Math.min(intervalMs, rest), undefined, { signal: ctx.signal });
  }
}

/** Also where nobody knows whether a change was committed: what was taken to be sent is free again after a minute. */
const mayPass = (failure: unknown): failure is Failure =>
  isTransient(failure) || (failure instanceof Failure && failure.kind === 'unknown');

interface Sent {
  attempts: Attempt[];
  broken: Failure[];
}

async function pass(ctx: Context): Promise<Sent> {
  await takeIn(ctx);
  await composeAll(ctx);
  const stale = await endExpired(ctx);
  const at = instant(ctx.now());
  const { attempts, broken } = await sendDue(ctx);
  return { attempts: [...stale.map((each) => attemptOf(each, at, 'DEAD', EXPIRED)), ...attempts], broken };
}

async function sendDue(ctx: Context): Promise<Sent> {
  const source = await ctx.source();
  const zone = await readTradingZone(source);
  const quiet = await quietRoutes(ctx, zone);
  const channels = await dueChannels(source.db, instant(ctx.now()), quiet);
  const sent = await Promise.allSettled(channels.map((channel) => sendAll(ctx, channel, zone)));
  const attempts = sent.flatMap((each) => (each.status === 'fulfilled' ? each.value : []));
  const reasons = sent.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  // One that cannot be opened keeps none of the others.
  const broken = reasons.filter((reason) => reason instanceof Failure);
  const worse = reasons.find((reason) => !(reason instanceof Failure) || !UNOPENED.includes(reason.kind));
  if (worse) throw worse;
  return { attempts, broken: broken.filter(({ kind }) => kind !== 'notFound') };
}

/** The routes whose quiet hours it is now. */
async function quietRoutes(ctx: Context, zone: string): Promise<string[]> {
  const now = instant(ctx.now());
  const { rows } = await sql<{ route_id: string; quiet: string }>`
    SELECT route_id, quiet FROM alert_routes WHERE quiet IS NOT NULL`.execute(await ctx.db());
  return rows
    .filter(({ quiet }) => quietUntil(quiet, now, zone) !== undefined)
    .map(({ route_id }) => route_id);
}

/** Sends the due messages of a channel one after the other, until nobody answers. */
async function sendAll(ctx: Context, name: string, zone: string): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  // Before anything is claimed: what cannot be decrypted is not the fault of a message.
  const channel = await openChannel(ctx, await ctx.db(), name);
  const end = performance.now() + MOST_MS_AT_ONCE;
  while (attempts.length < MOST_AT_ONCE && performance.now() < end && !ctx.signal.aborted) {
    const claimed = await claimNext(ctx, name, await quietRoutes(ctx, zone));
    if (!claimed) break;
    const attempt = await sendOne(ctx, channel, claimed, zone);
    attempts.push(attempt);
    if (attempt.away) break;
  }
  return attempts;
}

async function sendOne(
  ctx: Context,
  channel: OpenChannel,
  claimed: Claimed,
  timeZone: string,
): Promise<Attempt> {
  const { delivery_id } = claimed;
  const at = ctx.now();
  const sent = await send(channel, {
    id: delivery_id,
    message: asLateAs(claimed),
    composedAt: new Date(claimed.created_at),
    at,
    timeZone,
    signal: ctx.signal,
  });
  // Whether it arrived is not known of one that was interrupted: it is sent again under its id.
  ctx.signal.throwIfAborted();
  const state = await recordOutcome(ctx, claimed, sent);
  const problem = sent.outcome === 'sent' ? '' : sent.reason;
  return {
    ...attemptOf(claimed, instant(at), state, problem),
    away: sent.outcome !== 'sent' && sent.away,
    refused: sent.outcome === 'refused',
  };
}

const attemptOf = (
  { delivery_id, channel, route_id, attempts, message }: Omit<Claimed, 'held'>,
  at: Instant,
  state: DeliveryState,
  problem: string,
): Attempt => ({
  ...{ at, delivery_id, channel, route_id, state, attempts, problem },
  notifications: message.count,
  title: message.title,
  away: false,
  refused: false,
});

/** The message, which says so where its day begins so much later than it was composed. */
function asLateAs({ message, created_at, give_up_at }: Claimed): AlertMessage {
  const lateMs = Date.parse(give_up_at) - Date.parse(created_at) - RETRY_WINDOW_MS;
  return lateMs < LATE_MS
    ? message
    : lateMessage(message, `This waited for ${formatDuration(lateMs)} before it was sent.`);
}

/** What a run ends with: `found` where messages are dead or refused, `unreachable` where nobody answered at all of a channel. */
function verdictOf(attempts: readonly Attempt[]): 'found' | 'unreachable' | undefined {
  if (attempts.some(({ state, refused, away }) => state === 'DEAD' || (refused && !away))) return 'found';
  const channels = new Set(attempts.map(({ channel }) => channel));
  const isAway = (name: string) => attempts.every(({ channel, away }) => channel !== name || away);
  return [...channels].some(isAway) ? 'unreachable' : undefined;
}
