import { setTimeout as sleep } from 'node:timers/promises';
import { type ControlledTransaction, type Kysely, sql } from 'kysely';
import type { Connection } from '../platform/postgres/connect.ts';
import { isDisconnect, isRetryable } from '../platform/postgres/errors.ts';
import type { Schema } from '../platform/postgres/schema-phase.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { Failure } from '../util/failure.ts';
import type { AfterCommit } from './after-commit.ts';
import type { IdempotentRun } from './idempotency.ts';
import { type Origin, writeAudit } from './log.ts';
import { type Pending, type Touched, writeOutbox } from './outbox.ts';
import type { Outcome } from './outcome.ts';
import type { Trx } from './transaction.ts';

export interface ChangeOptions extends Origin, Schema {
  dryRun: boolean;
  signal: AbortSignal;
  afterCommit: AfterCommit;
  /** The run under an --idempotency-key that this change is part of. */
  idempotent?: IdempotentRun | undefined;
}

const MAX_ATTEMPTS = 5;

/**
 * Runs one change atomically with its audit row. Deadlocks and serialization failures run it again as a whole; with
 * dryRun it is rolled back at the end. If the reply to COMMIT is lost, asks the server for the outcome; throws
 * OUTCOME_UNKNOWN (exit 9) if the server does not know it.
 */
export async function change<T>(
  connection: Connection,
  options: ChangeOptions,
  work: (trx: Trx) => Promise<Outcome<T>>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptChange(connection, options, work);
    } catch (error) {
      if (!isRetryable(error) || attempt >= MAX_ATTEMPTS || options.signal.aborted) {
        if (!options.dryRun)
          await (await import('./record-denial.ts')).recordDenied(connection, options, error);
        throw error;
      }
      await sleep(Math.random() * 20 * 2 ** attempt);
    }
  }
}

async function attemptChange<T>(
  connection: Connection,
  options: ChangeOptions,
  work: (trx: Trx) => Promise<Outcome<T>>,
): Promise<T> {
  options.signal.throwIfAborted();
  const db = await connection.kysely.startTransaction().execute();
  const touched: Touched = new Map();
  let pending: Pending[] = [];
  let txid: string | undefined;
  let result: T;
  const { idempotent } = options;
  try {
    await idempotent?.claim(db);
    const outcome = await work(openTrx(db, touched, options));
    await idempotent?.keep(db, outcome);
    pending = await writeOutbox(db, touched);
    if (outcome.audit) txid = await writeAudit(db, options, outcome.audit);
    options.signal.throwIfAborted();
    result = outcome.result;
  } catch (error) {
    await rollback(db);
    throw error;
  }
  if (options.dryRun) await rollback(db);
  else {
    await commit(connection, () => db.commit().execute(), txid, idempotent?.key);
    idempotent?.committed();
    await Promise.all([
      txid === undefined ? undefined : sealBestEffort(connection),
      options.afterCommit.project(connection.kysely, pending),
    ]);
  }
  return result;
}

function openTrx(db: Kysely<Database>, touched: Touched, { phase, step, afterCommit }: ChangeOptions): Trx {
  return {
    db,
    phase,
    step,
    touch(kind, keys, at) {
      if (!afterCommit.isShown(kind, at)) return;
      const known = touched.get(kind) ?? new Set();
      for (const key of keys) known.add(key);
      touched.set(kind, known);
    },
  };
}

/** A failure to seal fails no change: the next write seals these entries, too. */
async function sealBestEffort({ kysely }: Connection): Promise<void> {
  const { sealRecent } = await import('./seal-store.ts');
  await sealRecent(kysely).catch(() => {});
}

/** Sends a COMMIT that an interrupt does not cut off; if the reply is lost, asks the server for the outcome. */
export async function commit(
  connection: Connection,
  send: () => Promise<unknown>,
  txid: string | undefined,
  key?: string,
): Promise<void> {
  try {
    await connection.committing(send);
  } catch (error) {
    if (txid === undefined || !isDisconnect(error)) throw error;
    await askOutcome(connection, txid, error, key);
  }
}

/** Asks on a new session for the outcome of a transaction whose COMMIT got no reply; returns if it was committed. */
async function askOutcome(
  connection: Connection,
  txid: string,
  cause: unknown,
  key: string | undefined,
): Promise<void> {
  let status: string | null | undefined;
  for (let attempt = 0; attempt < 20 && (status === undefined || status === 'in progress'); attempt++) {
    if (attempt > 0) await sleep(100);
    status = await sql<{ status: string | null }>`SELECT pg_xact_status(${txid}::xid8) AS status`
      .execute(connection.kysely)
      .then(
        ({ rows }) => rows[0]?.status ?? null,
        () => undefined,
      );
  }
  if (status === 'committed') return;
  if (status === 'aborted') throw cause;
  throw new Failure(
    'unknown',
    'OUTCOME_UNKNOWN',
    'The connection broke while the change was being committed.',
    {
      hint:
        key === undefined
          ? `Look before you repeat it: the change carries transaction ${txid} in the audit log.`
          : `Run it again as it was, with --idempotency-key ${key}: it is done once.`,
      changed: null,
    },
  );
}

async function rollback(db: ControlledTransaction<Database>): Promise<void> {
  // After a lost connection the server rolls back by itself.
  await db
    .rollback()
    .execute()
    .catch(() => {});
}
