import { type Kysely, sql } from 'kysely';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { type Instant, later } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** Whether the channel of a message needs somebody, of a row by its name in the statement. */
export const isFailing = (row: string) =>
  sql<boolean>`(${sql.ref(`${row}.state`)} = 'PENDING' AND ${sql.ref(`${row}.channel_state`)} = 'FAILING')`;

/** Whether a message waits for its channel, which is busy or away, or needs somebody. */
export const isHeld = (row: string) =>
  sql<boolean>`(${sql.ref(`${row}.state`)} = 'PENDING' AND ${sql.ref(`${row}.channel_state`)} IS NOT NULL)`;

/** The failed messages of a channel are due, and it is to blame for none of them; an attempt that is under way goes on. */
export async function releaseWaiting(db: Kysely<Database>, channel: string, now: Instant): Promise<void> {
  await sql`
    UPDATE alert_deliveries SET channel_state = NULL,
      next_at = CASE WHEN last_error = '' THEN next_at ELSE least(next_at, ${now}::timestamp) END
    WHERE channel = ${channel} AND state = 'PENDING' AND (last_error <> '' OR channel_state IS NOT NULL)`.execute(
    db,
  );
}

/** What a channel could not send is due, for another day: somebody has changed it. */
export async function renewWaiting(db: Kysely<Database>, channel: string, now: Instant): Promise<void> {
  await releaseWaiting(db, channel, now);
  await sql`
    UPDATE alert_deliveries SET attempts = 0, give_up_at = ${later(now, RETRY_WINDOW_MS)}::timestamp
    WHERE channel = ${channel} AND state = 'PENDING' AND (last_error <> '' OR attempts = 0)`.execute(db);
}
