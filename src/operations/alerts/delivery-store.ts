import { type Kysely, sql } from 'kysely';
import { unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { AlertMessage, DeliveryState } from '../../domain/alerts/message.ts';
import type { SendOutcome } from '../../domain/alerts/outcome.ts';
import { retryDelayMs } from '../../domain/alerts/retry.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { randomFraction } from '../../util/random.ts';

/** An attempt that nothing was heard of for so long is given up for lost: longer than any attempt takes. */
const LEASE_MS = 60_000;

/** A message that one process has taken to send. */
export interface Claimed {
  delivery_id: string;
  route_id: string;
  channel: string;
  critical: boolean;
  attempts: number;
  created_at: Instant;
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
    SELECT DISTINCT d.channel FROM alert_deliveries d JOIN alert_channels c USING (channel)
    WHERE c.enabled AND ${isDue(now, quiet)} ORDER BY d.channel`.execute(db);
  return rows.map(({ channel }) => channel);
}

const isDue = (
  now: Instant,
  quiet: readonly string[],
) => sql`d.state = 'PENDING' AND d.next_at <= ${now}::timestamp
  AND (d.critical OR d.route_id <> ALL(${[...quiet]}::text[]))`;

/**
 * Takes the next message of a channel: from the commit on it is nobody else's for a minute, in which the attempt ends. A process that
 * is killed meanwhile leaves it to the next one.
 */
export function claimNext(
  ctx: Context,
  channel: string,
  quiet: readonly string[],
): Promise<Claimed | undefined> {
  return ctx.change(async ({ db }) => {
    const now = ctx.now();
    const until = instant(new Date(now.getTime() + LEASE_MS));
    const { rows } = await sql<Claimed>`
      UPDATE alert_deliveries SET attempts = attempts + 1, next_at = ${until}::timestamp, last_error = ''
      WHERE delivery_id = (
        SELECT d.delivery_id FROM alert_deliveries d WHERE d.channel = ${channel} AND ${isDue(instant(now), quiet)}
        ORDER BY d.critical DESC, d.next_at, d.delivery_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
      RETURNING delivery_id, route_id, channel, critical, attempts, created_at, give_up_at, message`.execute(
      db,
    );
    return unchanged(rows[0]);
  });
}

/** Writes down what became of an attempt; gives the state of the message. */
export function recordOutcome(ctx: Context, claimed: Claimed, sent: SendOutcome): Promise<DeliveryState> {
  return ctx.change(async ({ db }) =>
    unchanged(
      sent.outcome === 'sent'
        ? await recordSent(db, claimed, ctx.now(), sent.provider_id)
        : await recordFailure(db, claimed, ctx.now(), sent),
    ),
  );
}

/** Where one message got through, all others of the channel that failed are tried again at once. */
async function recordSent(
  db: Kysely<Database>,
  { delivery_id, channel }: Claimed,
  at: Date,
  provider_id: string,
): Promise<'SENT'> {
  const now = instant(at);
  await db
    .updateTable('alert_deliveries')
    .set({ state: 'SENT', sent_at: now, next_at: now, provider_id, last_error: '' })
    .where('delivery_id', '=', delivery_id)
    .execute();
  await sql`
    UPDATE alert_deliveries SET next_at = ${now}::timestamp
    WHERE channel = ${channel} AND state = 'PENDING' AND last_error <> '' AND next_at > ${now}::timestamp`.execute(
    db,
  );
  return 'SENT';
}

type Failed = Exclude<SendOutcome, { outcome: 'sent' }>;

/** Where the receiver wants to be left alone, all that waits for the channel waits as long. */
async function recordFailure(
  db: Kysely<Database>,
  { delivery_id, channel, attempts, critical, give_up_at }: Claimed,
  at: Date,
  sent: Failed,
): Promise<'PENDING' | 'DEAD'> {
  const later = (ms: number) => instant(new Date(at.getTime() + ms));
  const afterMs = sent.outcome === 'failed' ? sent.afterMs : 0;
  const leftMs = Date.parse(give_up_at) - at.getTime();
  const delay =
    sent.outcome === 'failed'
      ? retryDelayMs({ attempts, critical, leftMs, afterMs, random: randomFraction() })
      : undefined;
  const state = delay === undefined ? 'DEAD' : 'PENDING';
  await db
    .updateTable('alert_deliveries')
    .set({ state, next_at: later(delay ?? 0), last_error: sent.reason })
    .where('delivery_id', '=', delivery_id)
    // Whoever took it over after a minute knows better.
    .where('attempts', '=', attempts)
    .where('state', '=', 'PENDING')
    .execute();
  if (afterMs > 0)
    await sql`
      UPDATE alert_deliveries SET next_at = ${later(afterMs)}::timestamp
      WHERE channel = ${channel} AND state = 'PENDING' AND next_at < ${later(afterMs)}::timestamp
        AND (attempts = 0 OR last_error <> '')`.execute(db);
  return state;
}
