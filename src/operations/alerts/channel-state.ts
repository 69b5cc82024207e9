import { type Kysely, sql } from 'kysely';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { type Instant, later } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { failingText, heldText, MARK_LENGTH } from './channel-marks.ts';

/** Whether the channel of a message needs somebody, of a row by its name in the statement. */
export const isFailing = (row: string) => sql.raw<boolean>(failingText(row));

/** Whether a message waits for its channel, which is busy or away, or needs somebody. */
export const isHeld = (row: string) => sql.raw<boolean>(heldText(row));

/** The error without the mark. */
export const unmarked = (row: string) => {
  const error = sql.ref(`${row}.last_error`);
  return sql<string>`CASE WHEN ${isHeld(row)} THEN substr(${error}, ${sql.lit(MARK_LENGTH + 1)}) ELSE ${error} END`;
};

/** The failed messages of a channel are due, and it is to blame for none of them. */
export async function releaseWaiting(db: Kysely<Database>, channel: string, now: Instant): Promise<void> {
  await sql`
    UPDATE alert_deliveries AS d SET next_at = least(next_at, ${now}::timestamp), last_error = ${unmarked('d')}
    WHERE channel = ${channel} AND state = 'PENDING' AND last_error <> ''`.execute(db);
}

/** What a channel could not send is due, for another day: somebody has changed it. */
export async function renewWaiting(db: Kysely<Database>, channel: string, now: Instant): Promise<void> {
  await releaseWaiting(db, channel, now);
  await sql`
    UPDATE alert_deliveries SET attempts = 0, give_up_at = ${later(now, RETRY_WINDOW_MS)}::timestamp
    WHERE channel = ${channel} AND state = 'PENDING' AND (last_error <> '' OR attempts = 0)`.execute(db);
}
