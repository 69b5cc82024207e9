import { type RawBuilder, sql } from 'kysely';
import { changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import {
  BROKER_COLUMNS,
  type BrokerColumn,
  brokerColumns,
  type CredentialProblem,
  type Credentials,
  isInTheClear,
  keyIdOf,
  openCredential,
  placeOf,
} from '../../platform/secrets/broker-credentials.ts';
import { encrypt } from '../../platform/secrets/envelope.ts';
import type { Ring } from '../../platform/secrets/key-ring.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import { Failure } from '../../util/failure.ts';

const BATCH_ROWS = 500;

/** Which stored values a run encrypts anew with the active key, and how it reads them. */
export interface Selection {
  /** The condition for a column, given the id of the active key. */
  where: (column: RawBuilder<string>, active: string) => RawBuilder<boolean>;
  /** The secret and where it came from for the audit log, its problem, or undefined where the value is none of these. */
  open: (
    ring: Ring,
    user: Credentials,
    field: BrokerColumn,
  ) => { secret: string; from: string } | { problem: CredentialProblem } | undefined;
}

/** What is not on the active key. */
export const OUTDATED: Selection = {
  where: (column, active) => sql`NOT starts_with(${column}, ${`pne1.${active}.`})`,
  open(ring, user, field) {
    const keyId = keyIdOf(user[field]);
    if (keyId === ring.active.id) return undefined;
    const opened = openCredential(ring, user, field);
    return 'problem' in opened ? opened : { ...opened, from: keyId ?? '' };
  },
};

/** What is stored as it was given, by other services or before there were keys. */
export const IN_THE_CLEAR: Selection = {
  where: (column) => sql`NOT starts_with(${column}, 'pne1.')`,
  open: (_ring, user, field) =>
    isInTheClear(user[field]) ? { secret: user[field], from: 'in the clear' } : undefined,
};

interface Renewal {
  key_id: string;
  users: number;
  values: number;
  problems: CredentialProblem[];
  /** The last user examined; undefined where none is left. */
  last: string | undefined;
}

/**
 * Encrypts the selected credentials of one batch of users, after an id, with the active key, in one transaction. Locked rows are
 * skipped, or waited for with `wait`.
 */
export async function renewBatch(
  ctx: Context,
  selection: Selection,
  after: string,
  wait: boolean,
): Promise<Renewal> {
  return ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    const users = await lockSelected(trx, selection.where, ring.active.id, { after, wait });
    const renewed = users.map((user) => renew(ring, selection, user));
    const changed = renewed.filter(({ from }) => from.length > 0);
    const written = changed.length > 0 ? await write(trx, changed) : new Set<string>();
    const moved = changed.filter(({ user }) => written.has(user.user_id));
    const from = moved.flatMap((one) => one.from);
    const result = {
      key_id: ring.active.id,
      users: moved.length,
      values: from.length,
      problems: renewed.flatMap(({ problems }) => problems),
      last: users.at(-1)?.user_id,
    };
    const body = {
      users: moved.length,
      values: from.length,
      from: [...new Set(from)].sort(),
      first: moved[0]?.user.user_id,
      last: moved.at(-1)?.user.user_id,
    };
    return changedIf(moved.length > 0, result, `key ${ring.active.id}`, body);
  });
}

/** FOR NO KEY UPDATE does not conflict with an order that is being placed for the user. */
async function lockSelected(
  trx: Trx,
  where: Selection['where'],
  active: string,
  { after, wait }: { after: string; wait: boolean },
): Promise<Credentials[]> {
  const columns = brokerColumns(trx);
  const selected = columns.map((name) => {
    const column = sql<string>`${sql.ref(name)}`;
    return sql`(${column} <> '' AND ${where(column, active)})`;
  });
  const { rows } = await sql<Credentials>`
    SELECT user_id, ${sql.join(columns.map((name) => sql.ref(name)))} FROM users
    WHERE user_id > ${after} AND (${sql.join(selected, sql` OR `)})
    ORDER BY user_id LIMIT ${BATCH_ROWS} FOR NO KEY UPDATE ${wait ? sql`` : sql`SKIP LOCKED`}`.execute(
    trx.db,
  );
  return rows.map((row) => ({ ...row, broker_totp: row.broker_totp ?? '' }));
}

interface Renewed {
  user: Credentials;
  encrypted: Record<BrokerColumn, string>;
  /** The former key of each value, or that it was in the clear. */
  from: string[];
  problems: CredentialProblem[];
}

/** The credentials of a user, those of the selection under the active key; what cannot be read is kept unchanged. */
function renew(ring: Ring, { open }: Selection, user: Credentials): Renewed {
  const renewed: Renewed = { user, encrypted: { ...user }, from: [], problems: [] };
  for (const field of BROKER_COLUMNS) {
    const opened = user[field] === '' ? undefined : open(ring, user, field);
    if (!opened) continue;
    if ('problem' in opened) renewed.problems.push(opened.problem);
    else {
      renewed.encrypted[field] = encrypt(ring, placeOf(user.user_id, field), opened.secret);
      renewed.from.push(opened.from);
    }
  }
  return renewed;
}

/** Writes all in one statement, each user only if unchanged since it was read; returns the ids written. */
async function write(trx: Trx, renewed: readonly Renewed[]): Promise<Set<string>> {
  const names = brokerColumns(trx);
  const rows = renewed.map(({ user, encrypted }) => ({
    user_id: user.user_id,
    ...Object.fromEntries(
      names.flatMap((name) => [
        [`old_${name}`, user[name]],
        [`new_${name}`, encrypted[name]],
      ]),
    ),
  }));
  const columns: Record<string, 'text'> = {
    user_id: 'text',
    ...Object.fromEntries(
      names.flatMap((name) => [`old_${name}`, `new_${name}`]).map((name) => [name, 'text']),
    ),
  };
  const set = names.map((name) => sql`${sql.ref(name)} = n.${sql.ref(`new_${name}`)}`);
  const unchanged = names.map((name) => sql`u.${sql.ref(name)} = n.${sql.ref(`old_${name}`)}`);
  const written = await sql<{ user_id: UserId }>`
    UPDATE users u SET ${sql.join(set)}
    FROM ${unnest('n', columns, rows)}
    WHERE u.user_id = n.user_id AND ${sql.join(unchanged, sql` AND `)}
    RETURNING u.user_id`.execute(trx.db);
  return new Set(written.rows.map(({ user_id }) => user_id));
}

/** A lock or statement timeout as ROTATION_UNFINISHED (exit 10); any other error unchanged. `values` are encrypted already. */
export function unfinished(error: unknown, values: number): unknown {
  const code = (error as { code?: string } | undefined)?.code;
  if (code !== '55P03' && code !== '57014') return error;
  return new Failure(
    'busy',
    'ROTATION_UNFINISHED',
    'Another session holds a lock on a user whose credentials are not on the active key yet.',
    {
      hint: 'What is encrypted with it stays so. Run it again to continue.',
      retryable: true,
      changed: values > 0,
    },
  );
}
