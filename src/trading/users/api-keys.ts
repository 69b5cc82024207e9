import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { Failure } from '../../util/failure.ts';
import { lockUser, lockUsers, userDisabled } from './store.ts';

/** The user of a key, and whether the key is the current one or a replaced one that is still accepted. */
interface KeyHolder {
  user_id: UserId;
  enabled: boolean;
  via: 'current' | 'grace';
  expires_at: Instant | null;
}

/** The hash of the key in a row of users: another program may have stored the key itself, before the database was adopted. */
const storedHash = sql<string>`
  CASE WHEN api_key ~ '^[0-9a-f]{64}$' THEN api_key ELSE encode(sha256(convert_to(api_key, 'UTF8')), 'hex') END`;

async function findClearHolder(db: Source['db'], hash: string): Promise<KeyHolder | undefined> {
  const { rows } = await sql<KeyHolder>`
    SELECT user_id, enabled, 'current' AS via, NULL::timestamp AS expires_at FROM users
    WHERE api_key !~ '^[0-9a-f]{64}$' AND ${storedHash} = ${hash}`.execute(db);
  return rows[0];
}

/** The user whose key has this hash; replaced keys exist from phase 4. Throws API_KEY_UNKNOWN (exit 3). */
export async function findKeyHolder({ db, phase }: Source, hash: string, now: Instant): Promise<KeyHolder> {
  const replaced = sql`
    UNION ALL SELECT u.user_id, u.enabled, 'grace', g.expires_at
    FROM api_key_grace g JOIN users u ON u.user_id = g.user_id
    WHERE g.api_key = ${hash} AND g.expires_at > ${now}::timestamp`;
  const { rows } = await sql<KeyHolder>`
    SELECT user_id, enabled, 'current' AS via, NULL::timestamp AS expires_at FROM users WHERE api_key = ${hash}
    ${phase < 4 ? sql`` : replaced}`.execute(db);
  const holder = rows[0] ?? (await findClearHolder(db, hash));
  if (holder) return holder;
  throw new Failure(
    'notFound',
    'API_KEY_UNKNOWN',
    'Unknown API key: it was replaced, revoked or never issued.',
  );
}

/**
 * Records a login with a key. Locks the user and looks the key up again, as it may have been replaced since. Throws
 * API_KEY_UNKNOWN or USER_DISABLED.
 */
export async function recordLogin(trx: Trx, userId: UserId, hash: string, now: Instant): Promise<KeyHolder> {
  await lockUser(trx, userId);
  const holder = await findKeyHolder(trx, hash, now);
  if (!holder.enabled) throw userDisabled(holder.user_id);
  await trx.db.updateTable('users').set({ last_login: now }).where('user_id', '=', holder.user_id).execute();
  return holder;
}

/** A user, and the SHA-256 of a new key in hex. */
export interface NewKeyOf {
  user_id: UserId;
  hash: string;
}

interface Replacing {
  now: Instant;
  /** Until when replaced keys are still accepted; null ends all of them now. */
  graceUntil: Instant | null;
}

/**
 * Replaces the API key of a user. With `graceUntil` the replaced key is accepted until then, and older ones until their
 * own time; without it all of them end now. Returns how many ended before their time.
 */
export async function replaceKey(
  trx: Trx,
  userId: UserId,
  hash: string,
  replacing: Replacing,
): Promise<number> {
  await lockUser(trx, userId);
  return (await replaceKeys(trx, [{ user_id: userId, hash }], replacing)).get(userId) ?? 0;
}

/** The same for those of some users who are there, in a fixed number of statements; how many keys of each ended. */
export async function replaceKeys(
  trx: Trx,
  keys: readonly NewKeyOf[],
  { now, graceUntil }: Replacing,
): Promise<Map<UserId, number>> {
  const users = (
    await lockUsers(
      trx,
      keys.map(({ user_id }) => user_id),
    )
  ).map(({ user_id }) => user_id);
  const ended = trx.phase < 4 ? new Map() : await endGrace(trx, users, now, graceUntil !== null);
  if (graceUntil !== null)
    await sql`
      INSERT INTO api_key_grace (api_key, user_id, expires_at, created_at)
      SELECT ${storedHash}, user_id, ${graceUntil}::timestamp, ${now}::timestamp FROM users
      WHERE user_id = ANY(${users})`.execute(trx.db);
  await sql`
    UPDATE users u SET api_key = k.hash FROM ${unnest('k', { user_id: 'text', hash: 'text' }, keys)}
    WHERE u.user_id = k.user_id`.execute(trx.db);
  return new Map(users.map((user) => [user, ended.get(user) ?? 0]));
}

/** Deletes the replaced keys of users, or only the expired ones; gives how many of each had not expired. */
async function endGrace(
  trx: Trx,
  users: readonly UserId[],
  now: Instant,
  onlyExpired: boolean,
): Promise<Map<UserId, number>> {
  const { rows } = await sql<{ user_id: UserId; ended: number }>`
    WITH gone AS (
      DELETE FROM api_key_grace
      WHERE user_id = ANY(${users}) AND (NOT ${onlyExpired}::boolean OR expires_at <= ${now}::timestamp)
      RETURNING user_id, expires_at <= ${now}::timestamp AS expired
    )
    SELECT user_id, count(*)::int AS ended FROM gone WHERE NOT expired GROUP BY user_id`.execute(trx.db);
  return new Map(rows.map(({ user_id, ended }) => [user_id, ended]));
}
