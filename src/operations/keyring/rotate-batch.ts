import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import {
  BROKER_COLUMNS,
  type BrokerColumn,
  type CredentialProblem,
  type Credentials,
  keyIdOf,
  openCredential,
  placeOf,
} from '../../platform/secrets/broker-credentials.ts';
import { encrypt } from '../../platform/secrets/envelope.ts';
import type { Ring } from '../../platform/secrets/key-ring.ts';
import { Failure } from '../../util/failure.ts';
import { loadRing } from './load.ts';
import { lockKeysShared } from './locks.ts';

const BATCH_ROWS = 500;

interface Renewal {
  key_id: string;
  users: number;
  values: number;
  offenders: CredentialProblem[];
  /** The last trader that was looked at; undefined where none is left. */
  last: string | undefined;
}

/**
 * One batch of traders behind an id whose credentials are not on the active key, encrypted anew in a transaction of
 * its own. Traders whose row somebody holds are left for another pass, or waited for.
 */
export async function renewBatch(ctx: Context, after: string, wait: boolean): Promise<Renewal> {
  return ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    const users = await lockOutdated(trx, ring.active.id, after, wait);
    const renewed = users.map((user) => renew(ring, user));
    const changed = renewed.filter(({ from }) => from.length > 0);
    const written = changed.length > 0 ? await write(trx, changed) : new Set<string>();
    const moved = changed.filter(({ user }) => written.has(user.user_id));
    const from = moved.flatMap((one) => one.from);
    const result = {
      key_id: ring.active.id,
      users: moved.length,
      values: from.length,
      offenders: renewed.flatMap(({ offenders }) => offenders),
      last: users.at(-1)?.user_id,
    };
    const body = {
      users: moved.length,
      values: from.length,
      from: [...new Set(from)].sort(),
      first: moved[0]?.user.user_id,
      last: moved.at(-1)?.user.user_id,
    };
    return { result, audit: moved.length > 0 ? { target: `key ${ring.active.id}`, body } : null };
  });
}

/** FOR NO KEY UPDATE, which an order being placed for the trader does not stand in the way of. */
async function lockOutdated(trx: Trx, active: string, after: string, wait: boolean): Promise<Credentials[]> {
  const current = `pne1.${active}.`;
  const { rows } = await sql<Credentials>`
    SELECT user_id, broker_api_key, broker_secret, broker_token FROM users
    WHERE user_id > ${after} AND (
      (broker_api_key <> '' AND NOT starts_with(broker_api_key, ${current}))
      OR (broker_secret <> '' AND NOT starts_with(broker_secret, ${current}))
      OR (broker_token <> '' AND NOT starts_with(broker_token, ${current})))
    ORDER BY user_id LIMIT ${BATCH_ROWS} FOR NO KEY UPDATE ${wait ? sql`` : sql`SKIP LOCKED`}`.execute(
    trx.db,
  );
  return rows;
}

interface Renewed {
  user: Credentials;
  sealed: Record<BrokerColumn, string>;
  /** The key that each value comes from. */
  from: string[];
  offenders: CredentialProblem[];
}

/** The credentials of a trader under the active key; what cannot be opened stays as it is. */
function renew(ring: Ring, user: Credentials): Renewed {
  const renewed: Renewed = { user, sealed: { ...user }, from: [], offenders: [] };
  for (const field of BROKER_COLUMNS) {
    const keyId = keyIdOf(user[field]);
    if (user[field] === '' || keyId === ring.active.id) continue;
    const opened = openCredential(ring, user, field);
    if ('offender' in opened) renewed.offenders.push(opened.offender);
    else {
      renewed.sealed[field] = encrypt(ring, placeOf(user.user_id, field), opened.secret);
      renewed.from.push(keyId ?? '');
    }
  }
  return renewed;
}

/** Writes in one statement, each trader only where nobody has changed what was read; gives those written. */
async function write(trx: Trx, renewed: readonly Renewed[]): Promise<Set<string>> {
  const rows = renewed.map(({ user, sealed }) => ({
    user_id: user.user_id,
    old_api_key: user.broker_api_key,
    old_secret: user.broker_secret,
    old_token: user.broker_token,
    new_api_key: sealed.broker_api_key,
    new_secret: sealed.broker_secret,
    new_token: sealed.broker_token,
  }));
  const columns = {
    user_id: 'text',
    old_api_key: 'text',
    old_secret: 'text',
    old_token: 'text',
    new_api_key: 'text',
    new_secret: 'text',
    new_token: 'text',
  } as const;
  const written = await sql<{ user_id: string }>`
    UPDATE users u
    SET broker_api_key = n.new_api_key, broker_secret = n.new_secret, broker_token = n.new_token
    FROM ${unnest('n', columns, rows)}
    WHERE u.user_id = n.user_id AND u.broker_api_key = n.old_api_key AND u.broker_secret = n.old_secret
      AND u.broker_token = n.old_token
    RETURNING u.user_id`.execute(trx.db);
  return new Set(written.rows.map(({ user_id }) => user_id));
}

/** What is in the way of a rotation, as a failure that says how far it came. */
export function unfinished(error: unknown, values: number): unknown {
  const code = (error as { code?: string } | undefined)?.code;
  if (code !== '55P03' && code !== '57014') return error;
  return new Failure(
    'busy',
    'ROTATION_UNFINISHED',
    'Somebody holds a trader whose credentials are not on the active key yet.',
    {
      hint: 'What is rotated stays so. Run it again to go on.',
      retryable: true,
      changed: values > 0,
    },
  );
}
