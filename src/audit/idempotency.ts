import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { type Invocation, takesKey } from '../cli/command.ts';
import { AlreadyApplied, type ReplayedResult } from '../cli/output.ts';
import { type Fields, Finding, type Result } from '../cli/result.ts';
import type { Row } from '../cli/rows.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { Failure, usage } from '../util/failure.ts';
import { isObject } from '../util/json.ts';
import { canonicalJson } from './canonical-json.ts';

/** One run of a command under an --idempotency-key: it takes effect once, and later runs return its result. */
export interface IdempotentRun {
  key: string;
  /** The earlier result of the same command under this key; undefined if the key is new. Throws KEY_REUSED (exit 2). */
  replay: () => Promise<ReplayedResult | undefined>;
  /** Claims the key in an open transaction; waits for a concurrent claim. Throws AlreadyApplied. */
  claim: (db: Kysely<Database>) => Promise<void>;
  /** Stores the result with its change, without secrets; releases the key if the command continues. */
  keep: (db: Kysely<Database>, outcome: { result: unknown; unfinished?: true }) => Promise<void>;
  /** The transaction of the last `keep` is committed: if it stored the result, claim and keep do nothing from here on. */
  committed: () => void;
  isKept: () => boolean;
}

interface Request {
  key: string;
  command: string;
  /** SHA-256 of command and input, in hex. */
  fingerprint: string;
  /** Columns that are never stored. */
  secrets: readonly string[];
}

interface Kept {
  kind: Finding['kind'] | 'rows';
  data: Row | readonly Row[];
}

const MAX_KEY_CHARS = 200;

/** The run of a command under its key. Throws a usage error if the command takes no key, or the key is malformed. */
export function openIdempotentRun(
  invocation: Invocation,
  input: object,
  db: () => Promise<Kysely<Database>>,
): IdempotentRun {
  const request = requestOf(invocation, input);
  let isStored = false;
  let isKept = false;
  return {
    key: request.key,
    replay: async () => findReplay(await db(), request),
    async claim(trx) {
      if (!isKept) await claim(trx, request);
    },
    async keep(trx, { result, unfinished }) {
      if (isKept) return;
      isStored = !unfinished;
      await (isStored ? store(trx, request, result as Result) : release(trx, request));
    },
    committed() {
      isKept ||= isStored;
    },
    isKept: () => isKept,
  };
}

function requestOf({ path, command, globals }: Invocation, input: object): Request {
  const key = globals.idempotencyKey ?? '';
  const name = path.join(' ');
  if (command.effect === 'read') throw usage(`${name} changes nothing: it takes no --idempotency-key.`);
  if (!takesKey(command))
    throw usage(
      `${name} takes no --idempotency-key.`,
      command.repeat === 'advances'
        ? 'Each run takes another step: check what is there before you repeat it.'
        : 'It is safe to repeat: it continues with what is left, or finds it done.',
    );
  if (!/^[\x21-\x7e]+$/.test(key) || key.length > MAX_KEY_CHARS)
    throw usage(`--idempotency-key must be 1 to ${MAX_KEY_CHARS} visible ASCII characters.`);
  const fingerprint = createHash('sha256')
    .update(canonicalJson({ command: name, input }))
    .digest('hex');
  return { key, command: name, fingerprint, secrets: secretsOf(command.fields) };
}

const secretsOf = (fields: Fields) => Object.keys(fields).filter((name) => fields[name]?.secret);

async function findReplay(db: Kysely<Database>, request: Request): Promise<ReplayedResult | undefined> {
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
      `--idempotency-key ${request.key} was used before with other input: ${row.command}, at ${row.at}.`,
      { hint: 'Repeat that command unchanged, or use a new key.' },
    );
  if (!isKeptResult(row.result))
    throw new Failure(
      'integrity',
      'KEY_RESULT_INVALID',
      `The result that is stored under --idempotency-key ${request.key} is malformed: ${row.command}, at ${row.at}.`,
      { hint: 'The command was carried out. See: pinnacle audit list' },
    );
  const { kind, data } = row.result;
  return { result: kind === 'rows' ? data : new Finding(data, kind), at: row.at };
}

/** Another program may have written anything there. */
function isKeptResult(value: unknown): value is Kept {
  if (!isObject(value)) return false;
  const { kind, data } = value;
  return (
    ['rows', 'found', 'integrity', 'unknown', 'unreachable'].includes(String(kind)) &&
    [data].flat().every(isObject)
  );
}

async function claim(trx: Kysely<Database>, request: Request): Promise<void> {
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

async function store(trx: Kysely<Database>, request: Request, result: Result): Promise<void> {
  const kept: Kept =
    result instanceof Finding
      ? { kind: result.kind, data: result.data }
      : { kind: 'rows', data: result as Row | readonly Row[] };
  const json = JSON.stringify(kept, (name, value) => (request.secrets.includes(name) ? null : value));
  await sql`UPDATE idempotency_keys SET result = ${json} WHERE ${mine(request)}`.execute(trx);
}

async function release(trx: Kysely<Database>, request: Request): Promise<void> {
  await sql`DELETE FROM idempotency_keys WHERE ${mine(request)}`.execute(trx);
}

const mine = ({ key }: Request) => sql<boolean>`actor = session_user AND key = ${key}`;
