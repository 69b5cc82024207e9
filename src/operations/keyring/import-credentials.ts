import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import {
  BROKER_COLUMNS,
  type BrokerColumn,
  brokerColumns,
  type Credentials,
  MAX_BYTES_BEFORE_PHASE_4,
  openCredential,
  placeOf,
} from '../../platform/secrets/broker-credentials.ts';
import { encrypt, fingerprint } from '../../platform/secrets/envelope.ts';
import type { Ring } from '../../platform/secrets/key-ring.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import { findAllCredentials } from '../../trading/users/credentials.ts';
import { lockUsers } from '../../trading/users/store.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { type CredentialRow, readCredentialFile } from './read-credential-file.ts';
import { MAX_SECRET_BYTES } from './set-credential.ts';

/** A secret of a user that is to be stored. */
interface Secret {
  user_id: UserId;
  field: BrokerColumn;
  secret: string;
}

/**
 * Stores the broker credentials of a file, or of stdin for `-`: all of them or none, encrypted with the active key, in a fixed
 * number of statements and with an audit entry each. What is stored already stays as it is. Throws a usage error that names
 * lines and never a value, USER_NOT_FOUND, and SECRET_FILE_UNSAFE for a file that others can read.
 */
export async function importCredentials(ctx: Context, path: string) {
  const source = await ctx.source();
  const maxBytes = source.phase < 4 ? MAX_BYTES_BEFORE_PHASE_4 : MAX_SECRET_BYTES;
  const rows = await readCredentialFile(ctx, path, maxBytes);
  const secrets = rows.flatMap(secretsOf);
  if (secrets.some(({ field }) => !brokerColumns(source).includes(field)))
    needStep(source, BROKER_SINCE_STEP);
  return ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    const stored = await lockStored(trx, rows);
    const due = secrets.filter((each) => !isStored(ring, stored.get(each.user_id), each));
    await writeSecrets(trx, ring, due);
    await writeAudits(
      trx.db,
      ctx.origin,
      due.map((each) => ({ target: auditTarget('user', each.user_id), body: bodyOf(ring, each) })),
    );
    const users = new Set(due.map(({ user_id }) => user_id)).size;
    const tally = { users, credentials: due.length, unchanged: secrets.length - due.length };
    return changedIf(due.length > 0, { ...tally, key_id: ring.active.id }, 'users', tally);
  });
}

const secretsOf = ({ user_id, secrets }: CredentialRow): Secret[] =>
  BROKER_COLUMNS.flatMap((field) => {
    const secret = secrets[field];
    return secret === undefined ? [] : [{ user_id, field, secret }];
  });

/** What users have stored; locks them. Throws USER_NOT_FOUND, naming all who are not there. */
async function lockStored(
  trx: Trx,
  rows: readonly CredentialRow[],
): Promise<ReadonlyMap<UserId, Credentials>> {
  const ids = rows.map(({ user_id }) => user_id);
  const there = new Set((await lockUsers(trx, ids)).map(({ user_id }) => user_id));
  const missing = ids.filter((id) => !there.has(id));
  if (missing.length > 0)
    throw new Failure(
      'notFound',
      'USER_NOT_FOUND',
      `${pluralize(missing.length, 'user is', 'users are')} not there: ${someOf(missing)}. Nothing was stored.`,
      { hint: 'See: pinnacle user list' },
    );
  return new Map((await findAllCredentials(trx, ids)).map((each) => [each.user_id, each]));
}

function isStored(ring: Ring, stored: Credentials | undefined, { field, secret }: Secret): boolean {
  if (stored === undefined || stored[field] === '') return false;
  const opened = openCredential(ring, stored, field);
  return 'secret' in opened && opened.secret === secret;
}

async function writeSecrets(trx: Trx, ring: Ring, secrets: readonly Secret[]): Promise<void> {
  if (secrets.length === 0) return;
  const byUser = new Map<UserId, Record<string, unknown>>();
  for (const { user_id, field, secret } of secrets)
    byUser.set(user_id, {
      ...byUser.get(user_id),
      user_id,
      [field]: encrypt(ring, placeOf(user_id, field), secret),
    });
  const columns = brokerColumns(trx);
  const types = Object.fromEntries(['user_id', ...columns].map((name) => [name, 'text' as const]));
  const set = columns.map(
    (column) => sql`${sql.ref(column)} = coalesce(${sql.ref(`w.${column}`)}, ${sql.ref(`u.${column}`)})`,
  );
  await sql`
    UPDATE users u SET ${sql.join(set)} FROM ${unnest('w', types, [...byUser.values()])}
    WHERE u.user_id = w.user_id`.execute(trx.db);
}

/** As that of `user credentials set`. */
const bodyOf = (ring: Ring, { user_id, field, secret }: Secret) => ({
  field,
  key_id: ring.active.id,
  length: Buffer.byteLength(secret),
  fingerprint: fingerprint(ring, placeOf(user_id, field), secret),
});
