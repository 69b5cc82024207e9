import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import type { AlertLevel } from '../../domain/enums.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { Notice } from '../../domain/notice.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { insertNotifications } from '../../trading/notifications/notify.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';

/** Since when a channel has sent nothing. An outage is what is between two messages that it sent. */
interface LastSent {
  added_at: Instant;
  sent_at: Instant | null;
}

/**
 * Lets nobody else record what became of a message of these channels until the transaction ends: who records that one is sent must see
 * whether it was told that others are not. Locks their routes, since who delivers may not lock a channel.
 */
export async function lockOutages({ db }: Trx, channels: readonly string[]): Promise<void> {
  await sql`
    SELECT FROM alert_routes WHERE channel = ANY(${[...channels]}::text[]) ORDER BY route_id FOR NO KEY UPDATE`.execute(
    db,
  );
}

/** When a channel sent its last message. */
export async function readLastSent(db: Kysely<Database>, channel: string): Promise<LastSent | undefined> {
  const { rows } = await sql<LastSent>`
    SELECT c.created_at AS added_at, (
      SELECT max(l.sent_at) FROM alert_routes r CROSS JOIN LATERAL (
        SELECT max(d.sent_at) AS sent_at FROM alert_deliveries d WHERE d.route_id = r.route_id) l
      WHERE r.channel = c.channel) AS sent_at
    FROM alert_channels c WHERE c.channel = ${channel}`.execute(db);
  return rows[0];
}

/** Whether a channel has sent another message since this one was composed. */
export const hasSentSince = (last: LastSent | undefined, created: Instant): boolean =>
  last !== undefined && last.sent_at !== null && !isBefore(last.sent_at, created);

const levelOf = (critical: boolean) => (critical ? 'CRITICAL' : 'ERROR');

/** What is told of a channel goes to all others and never to itself. */
const dataOf = (channel: string, level: AlertLevel) => ({ alert_channel: channel, level });

/** The same id for the same thing, so that whoever tells it first tells it alone. */
const idOf = (...what: readonly unknown[]) =>
  `ntf_${createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 26).toUpperCase()}`;

const endOf = (outage: string) => idOf('works', outage);

/**
 * The notification of an outage, and whether it is there. The record of what was sent goes with its route, and by age: an outage
 * that began after the same message as one that is over is another one.
 */
async function findOutage(
  db: Kysely<Database>,
  channel: string,
  { added_at, sent_at }: LastSent,
  level: AlertLevel,
  nth = 0,
): Promise<{ id: string; isTold: boolean }> {
  const id = idOf('fails', channel, added_at, sent_at, level, nth);
  const found = await db
    .selectFrom('notifications')
    .select('notification_id')
    .where('notification_id', 'in', [id, endOf(id)])
    .execute();
  const isThere = (which: string) => found.some(({ notification_id }) => notification_id === which);
  if (isThere(endOf(id))) return findOutage(db, channel, { added_at, sent_at }, level, nth + 1);
  return { id, isTold: isThere(id) };
}

/** Notifies of a channel that needs somebody, once per outage and level; gives whether that was now. */
export async function tellFailing(
  trx: Trx,
  at: Instant,
  { channel, critical }: { channel: string; critical: boolean },
  last: LastSent,
  reason: string,
): Promise<boolean> {
  const level = levelOf(critical);
  const { id, isTold } = await findOutage(trx.db, channel, last, level);
  if (isTold) return false;
  const told = await insertNotifications(trx, at, [
    {
      notification_id: id,
      user_id: null,
      notification_type: 'SERVICE_DOWN',
      alert_level: level,
      title: `Alerts by ${channel} do not arrive`,
      message: `The last attempt: ${reason}. Messages wait and are tried again for ${formatDuration(RETRY_WINDOW_MS)}. See what it answers: pinnacle alert channel test ${channel}; once it is repaired: pinnacle alert retry --channel ${channel}`,
      data: dataOf(channel, level),
    },
  ]);
  return told.length > 0;
}

/** Notifies that a channel sends again, where it was told that it does not. `last` is what it sent before. */
export async function tellWorking(trx: Trx, at: Instant, channel: string, last: LastSent): Promise<boolean> {
  const notices: Notice[] = [];
  for (const level of ['ERROR', 'CRITICAL'] as const) {
    const { id, isTold } = await findOutage(trx.db, channel, last, level);
    if (isTold)
      notices.push({
        notification_id: endOf(id),
        user_id: null,
        notification_type: 'SERVICE_RESTORED',
        alert_level: 'INFO',
        title: `Alerts by ${channel} arrive again`,
        message: 'What waited for it is sent now.',
        data: dataOf(channel, level),
      });
  }
  return (await insertNotifications(trx, at, notices)).length > 0;
}

/**
 * Notifies of messages of a channel that are given up, unless others of it are that nobody retried or dismissed yet, and at least as
 * urgent: those are told of already. Gives whether it did.
 */
export async function tellDead(
  trx: Trx,
  at: Instant,
  channel: string,
  dead: readonly { delivery_id: string; critical: boolean }[],
  reason: string,
): Promise<boolean> {
  const [first] = dead;
  if (!first) return false;
  const critical = dead.some((each) => each.critical);
  const { rows } = await sql`
    SELECT FROM alert_deliveries
    WHERE state = 'DEAD' AND channel = ${channel} AND critical >= ${critical}
      AND delivery_id <> ALL(${dead.map(({ delivery_id }) => delivery_id)}::text[]) LIMIT 1`.execute(trx.db);
  if (rows.length > 0) return false;
  const level = levelOf(critical);
  const told = await insertNotifications(trx, at, [
    {
      notification_id: idOf('dead', first.delivery_id, at),
      user_id: null,
      notification_type: 'SYSTEM_ERROR',
      alert_level: level,
      title: `${pluralize(dead.length, 'alert')} by ${channel} given up`,
      message: `${reason}. See: pinnacle alert status --state DEAD --channel ${channel}; then: pinnacle alert retry --channel ${channel}, or: pinnacle alert dismiss --channel ${channel}`,
      data: dataOf(channel, level),
    },
  ]);
  return told.length > 0;
}
