import { type Kysely, sql } from 'kysely';
import { auditTarget, changedIf, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { AlertMessage, DeliveryState } from '../../domain/alerts/message.ts';
import type { Failed, SendOutcome } from '../../domain/alerts/outcome.ts';
import { nextStep, RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { type Instant, instant, later } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { randomFraction } from '../../util/random.ts';
import { isHeld, releaseWaiting } from './channel-state.ts';
import { hasSentSince, lockOutages, readLastSent, tellDead, tellFailing, tellWorking } from './outage.ts';

/** An attempt that nothing was heard of for so long is given up for lost: longer than any attempt takes. */
const LEASE_MS = 60_000;
/** Why a message is given up before it is sent. */
export const EXPIRED = 'not sent within a day';

/** A message that one process has taken to send. */
export interface Claimed {
  delivery_id: string;
  route_id: string;
  channel: string;
  critical: boolean;
  attempts: number;
  /** Whether it waited for its channel. */
  held: boolean;
  created_at: Instant;
  /** A day after its first attempt, or after somebody wanted it to be tried again. */
  give_up_at: Instant;
  message: AlertMessage;
}

/** The channels with a message to send now; none of a route in its quiet hours but CRITICAL ones. */
export async function dueChannels(
  db: Kysely<Database>,
  now: Instant,
  quiet: readonly string[],
): Promise<string[]> {
  const { rows } = await sql<{ channel: string }>`
    SELECT DISTINCT d.channel FROM alert_deliveries d WHERE ${isDue(now, quiet)} ORDER BY d.channel`.execute(
    db,
  );
  return rows.map(({ channel }) => channel);
}

/** Due, of a channel that is enabled and no route in its quiet hours, and not held: while a channel waits, so do all of its messages. */
const isDue = (
  now: Instant,
  quiet: readonly string[],
) => sql`d.state = 'PENDING' AND d.next_at <= ${now}::timestamp
  AND (d.critical OR d.route_id <> ALL(${[...quiet]}::text[]))
  AND EXISTS (SELECT FROM alert_channels c WHERE c.channel = d.channel AND c.enabled)
  AND NOT EXISTS (SELECT FROM alert_deliveries w
    WHERE w.channel = d.channel AND ${isHeld('w')} AND w.next_at > ${now}::timestamp)`;

/**
 * Takes the next message of a channel: from the commit on it is nobody else's for a minute, in which the attempt ends. A process that
 * is killed meanwhile leaves it to the next one. While a channel waits, the others wait for this attempt. One that was never tried has a day
 * from now on, however long it waited.
 */
export function claimNext(
  ctx: Context,
  channel: string,
  quiet: readonly string[],
): Promise<Claimed | undefined> {
  return ctx.change(async ({ db }) => {
    const now = instant(ctx.now());
    const { rows } = await sql<Claimed>`
      UPDATE alert_deliveries AS a SET attempts = attempts + 1, next_at = ${later(now, LEASE_MS)}::timestamp, last_error = '',
        give_up_at = CASE WHEN attempts = 0 THEN greatest(give_up_at, ${later(now, RETRY_WINDOW_MS)}::timestamp) ELSE give_up_at END
      FROM (
        SELECT d.delivery_id, ${isHeld('d')} AS held FROM alert_deliveries d WHERE d.channel = ${channel} AND ${isDue(now, quiet)}
        ORDER BY
          -- A channel that failed is tried with another message each time: one that it can never take must not stand before the others.
          CASE WHEN EXISTS (SELECT FROM alert_deliveries w WHERE w.channel = d.channel AND ${isHeld('w')}) THEN d.attempts END,
          d.critical DESC, d.next_at, d.delivery_id
        LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED) AS next
      WHERE a.delivery_id = next.delivery_id
      RETURNING a.delivery_id, route_id, channel, critical, attempts, next.held, created_at, give_up_at, message`.execute(
      db,
    );
    return unchanged(rows[0]);
  });
}

/** Messages that were tried and not sent in their time are given up, not sent late: since then nothing looked at them. */
export async function endExpired(ctx: Context): Promise<Omit<Claimed, 'held'>[]> {
  const now = instant(ctx.now());
  const stale = sql`state = 'PENDING' AND attempts > 0 AND give_up_at <= ${now}::timestamp AND next_at <= ${now}::timestamp
    AND channel IN (SELECT channel FROM alert_channels WHERE enabled)`;
  const found = await sql<{
    channel: string;
  }>`SELECT DISTINCT channel FROM alert_deliveries WHERE ${stale}`.execute(await ctx.db());
  const channels = found.rows.map(({ channel }) => channel);
  if (channels.length === 0) return [];
  return ctx.change(async (trx) => {
    await lockOutages(trx, channels);
    const { rows } = await sql<Omit<Claimed, 'held'>>`
      UPDATE alert_deliveries SET state = 'DEAD', channel_state = NULL, next_at = ${now}::timestamp,
        last_error = concat_ws('; ', ${EXPIRED}::text, nullif(last_error, ''))
      WHERE ${stale} AND channel = ANY(${channels}::text[])
      RETURNING delivery_id, route_id, channel, critical, attempts, created_at, give_up_at, message`.execute(
      trx.db,
    );
    const told: string[] = [];
    for (const channel of new Set(rows.map((each) => each.channel))) {
      const dead = rows.filter((each) => each.channel === channel);
      if (await tellDead(trx, now, channel, dead, EXPIRED)) told.push(channel);
    }
    return changedIf(told.length > 0, rows, 'alerts', { given_up: told });
  });
}

/** Writes down what became of an attempt; gives the state of the message. */
export function recordOutcome(ctx: Context, claimed: Claimed, sent: SendOutcome): Promise<DeliveryState> {
  return ctx.change(async (trx) => {
    await lockOutages(trx, [claimed.channel]);
    const now = instant(ctx.now());
    const { state, told } =
      sent.outcome === 'sent'
        ? await recordSent(trx, claimed, now, sent.provider_id)
        : await recordFailure(trx, claimed, now, sent);
    const about = auditTarget('alert channel', claimed.channel);
    const problem = sent.outcome === 'sent' ? '' : sent.reason;
    return changedIf(told, state, about, { delivery_id: claimed.delivery_id, state, problem });
  });
}

/** Where one message gets through after others did not, all that failed are tried again at once; while a channel works, each has its time. */
async function recordSent(
  trx: Trx,
  claimed: Claimed,
  now: Instant,
  provider_id: string,
): Promise<{ state: 'SENT'; told: boolean }> {
  const { delivery_id, channel, held } = claimed;
  const last = await readLastSent(trx.db, channel);
  await trx.db
    .updateTable('alert_deliveries')
    .set({ state: 'SENT', channel_state: null, sent_at: now, next_at: now, provider_id, last_error: '' })
    .where('delivery_id', '=', delivery_id)
    .execute();
  if (held || (await heldAttempts(trx.db, claimed)) > 0) await releaseWaiting(trx.db, channel, now);
  return { state: 'SENT', told: last !== undefined && (await tellWorking(trx, now, channel, last)) };
}

/** Whose fault a failure is decides whether the message is given up, or waits, and whether all others of its channel do. */
async function recordFailure(
  trx: Trx,
  claimed: Claimed,
  now: Instant,
  sent: Failed,
): Promise<{ state: 'PENDING' | 'DEAD'; told: boolean }> {
  const { delivery_id, channel, attempts, held, critical, created_at, give_up_at } = claimed;
  const last = await readLastSent(trx.db, channel);
  const { delayMs, channel_state } = nextStep(sent, {
    attempts,
    // Attempts that failed for the sake of the message say nothing of the channel.
    failures: (held ? attempts : 1) + (await heldAttempts(trx.db, claimed)),
    tookAnother: hasSentSince(last, created_at),
    critical,
    leftMs: Date.parse(give_up_at) - Date.parse(now),
    random: randomFraction(),
  });
  const state = delayMs === undefined ? 'DEAD' : 'PENDING';
  const { numUpdatedRows } = await trx.db
    .updateTable('alert_deliveries')
    .set({
      state,
      channel_state: state === 'PENDING' ? channel_state : null,
      next_at: later(now, delayMs ?? 0),
      last_error: sent.reason,
    })
    .where('delivery_id', '=', delivery_id)
    // Whoever took it over after a minute knows better.
    .where('attempts', '=', attempts)
    .where('state', '=', 'PENDING')
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return { state, told: false };
  const failing = channel_state === 'FAILING' && last !== undefined;
  const toldFailing = failing && (await tellFailing(trx, now, claimed, last, sent.reason));
  const toldDead = state === 'DEAD' && (await tellDead(trx, now, channel, [claimed], sent.reason));
  return { state, told: toldFailing || toldDead };
}

/** How often the other messages were tried for which the channel is to blame. */
async function heldAttempts(db: Kysely<Database>, { channel, delivery_id }: Claimed): Promise<number> {
  const { rows } = await sql<{ attempts: number }>`
    SELECT coalesce(sum(attempts), 0)::int AS attempts FROM alert_deliveries d
    WHERE channel = ${channel} AND delivery_id <> ${delivery_id} AND ${isHeld('d')}`.execute(db);
  return rows[0]?.attempts ?? 0;
}
