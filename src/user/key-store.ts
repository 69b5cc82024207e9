import { type Kysely, sql } from 'kysely';
import type { Trx } from '../audit/change.ts';
import type { Database } from '../db/schema.ts';
import { lockUser } from './store.ts';

/** Whose a key is, and whether it is the current one or a replaced one that is still accepted. */
interface KeyHolder {
  user_id: string;
  enabled: boolean;
  via: 'current' | 'grace';
  expires_at: string | null;
}

/** The trader whose key has this hash, if any; replaced keys are known from phase 4 on. */
export async function findKeyHolder(
  db: Kysely<Database>,
  hash: string,
  now: string,
  phase: number,
): Promise<KeyHolder | undefined> {
  const replaced = sql`
    UNION ALL SELECT u.user_id, u.enabled, 'grace', g.expires_at
    FROM api_key_grace g JOIN users u ON u.user_id = g.user_id
    WHERE g.api_key = ${hash} AND g.expires_at > ${now}::timestamp`;
  const { rows } = await sql<KeyHolder>`
    SELECT user_id, enabled, 'current' AS via, NULL::timestamp AS expires_at FROM users WHERE api_key = ${hash}
    ${phase < 4 ? sql`` : replaced}`.execute(db);
  return rows[0];
}

/**
 * Gives a trader another key. The one before is accepted until `graceUntil`, where that is given, and then so are
 * those before it until their own time; without it all of them end now. Gives how many ended before their time.
 */
export async function replaceKey(
  trx: Trx,
  userId: string,
  hash: string,
  { now, graceUntil, phase }: { now: string; graceUntil: string | null; phase: number },
): Promise<number> {
  await lockUser(trx, userId);
  const ended = phase < 4 ? 0 : await endGrace(trx, userId, now, graceUntil !== null);
  if (graceUntil !== null)
    await sql`
      INSERT INTO api_key_grace (api_key, user_id, expires_at, created_at)
      SELECT api_key, user_id, ${graceUntil}::timestamp, ${now}::timestamp FROM users WHERE user_id = ${userId}`.execute(
      trx,
    );
  await trx.updateTable('users').set({ api_key: hash }).where('user_id', '=', userId).execute();
  return ended;
}

/** Forgets the replaced keys of a trader, or only those that have expired; gives how many had not. */
async function endGrace(trx: Trx, userId: string, now: string, onlyExpired: boolean): Promise<number> {
  const { rows } = await sql<{ expired: boolean }>`
    DELETE FROM api_key_grace
    WHERE user_id = ${userId} AND (NOT ${onlyExpired}::boolean OR expires_at <= ${now}::timestamp)
    RETURNING expires_at <= ${now}::timestamp AS expired`.execute(trx);
  return rows.filter(({ expired }) => !expired).length;
}
