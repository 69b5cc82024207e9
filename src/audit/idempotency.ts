import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { type Invocation, takesKey } from '../cli/command.ts';
import { AlreadyApplied, type ReplayedResult } from '../cli/output.ts';
import { type Fields, Finding, type Result } from '../cli/result.ts';
import type { Row } from '../cli/rows.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { Failure, usage } from '../util/failure.ts';
import { canonicalJson } from './canonical-json.ts';

/** A command that is to have its effect once, however often it is asked for under this key. */
export interface IdempotentRequest {
  key: string;
  command: string;
  /** SHA-256 of what was asked for, in hex. */
  fingerprint: string;
  /** Columns that are shown when they are made and kept nowhere. */
  once: readonly string[];
  /** Whether its result stands in the database. */
  kept: boolean;
}

interface Kept {
  kind: Finding['kind'] | 'rows';
  data: Row | readonly Row[];
}

const MAX_KEY_LENGTH = 200;

/** What is asked for under a key. Throws a usage error where the command takes none, or the key is none. */
export function requestOf({ path, command, globals }: Invocation, input: object): IdempotentRequest {
  const [key, name] = [globals.idempotencyKey ?? '', path.join(' ')];
  if (command.effect === 'read') throw usage(`${name} changes nothing: it takes no --idempotency-key.`);
  if (!takesKey(command))
    throw usage(
      `${name} takes no --idempotency-key.`,
      command.repeat === 'advances'
        ? 'Each run takes another step: check what is there before you repeat it.'
        : 'It is safe to repeat: it continues with what is left, or finds it done.',
    );
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_LENGTH)
    throw usage(`--idempotency-key must be 1 to ${MAX_KEY_LENGTH} visible ASCII characters.`);
  const fingerprint = createHash('sha256')
    .update(canonicalJson({ command: name, input }))
    .digest('hex');
  return { key, command: name, fingerprint, once: shownOnce(command.fields), kept: false };
}

const shownOnce = (fields: Fields) => Object.keys(fields).filter((name) => fields[name]?.once);

/** What the same request gave before; undefined where it is new. Throws KEY_REUSED (exit 2) where another had the key. */
export async function findReplay(
  db: Kysely<Database>,
  request: IdempotentRequest,
): Promise<ReplayedResult | undefined> {
  const row = await db
    .selectFrom('idempotency_keys')
    .select(['command', 'request', 'result', 'at'])
    .where(mine(request))
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.request !== request.fingerprint)
    throw new Failure(
      'usage',
      'KEY_REUSED',
      `--idempotency-key ${request.key} was given before with something else: ${row.command}, at ${row.at}.`,
      { hint: 'Repeat that command as it was, or take a new key.' },
    );
  const { kind, data } = row.result as unknown as Kept;
  return { result: kind === 'rows' ? data : new Finding(data, kind), at: row.at };
}

/** Takes the key for the transaction that is open on `trx`; waits for whoever has just taken it. Throws DoneBefore. */
export async function claim(trx: Kysely<Database>, request: IdempotentRequest): Promise<void> {
  const { numInsertedOrUpdatedRows: taken } = await trx
    .insertInto('idempotency_keys')
    .values({
      key: request.key,
      command: request.command,
      request: request.fingerprint,
      result: JSON.stringify(null),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  const earlier = taken ? undefined : await findReplay(trx, request);
  if (earlier) throw new AlreadyApplied(earlier);
}

/** Keeps what the command gives with the change that gives it, secrets left out. */
export async function keep(trx: Kysely<Database>, request: IdempotentRequest, result: Result): Promise<void> {
  const kept: Kept =
    result instanceof Finding
      ? { kind: result.kind, data: result.data }
      : { kind: 'rows', data: result as Row | readonly Row[] };
  const json = JSON.stringify(kept, (name, value) => (request.once.includes(name) ? null : value));
  await sql`UPDATE idempotency_keys SET result = ${json} WHERE ${mine(request)}`.execute(trx);
}

/** Gives the key back: what the command still has to do comes in another transaction. */
export async function release(trx: Kysely<Database>, request: IdempotentRequest): Promise<void> {
  await sql`DELETE FROM idempotency_keys WHERE ${mine(request)}`.execute(trx);
}

const mine = ({ key }: IdempotentRequest) => sql<boolean>`actor = session_user AND key = ${key}`;
