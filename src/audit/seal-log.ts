import type { Kysely } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { Failure } from '../util/failure.ts';
import { lastSeal, readUnsealed, sealAll } from './seal-store.ts';
import { addCheckpoint } from './sign-checkpoint.ts';

const BATCH_ROWS = 10_000;

interface SealOptions {
  signingKeyFile: string | undefined;
  anchorFile: string | undefined;
  /** Whether a missing signing key is an error. */
  checkpoint: boolean;
}

interface Caller {
  dryRun: boolean;
  signal: AbortSignal;
  own: { uid: number | undefined };
  now: () => Date;
}

/**
 * Seals every entry whose transaction has ended, and signs the end of the chain where a key is configured; returns how
 * many it sealed and where the chain ends. Throws NO_SIGNING_KEY (exit 78) where a checkpoint is required without a key.
 */
export async function sealLog(
  db: Kysely<Database>,
  { signingKeyFile, anchorFile, checkpoint }: SealOptions,
  caller: Caller,
) {
  if (checkpoint && !signingKeyFile)
    throw new Failure('config', 'NO_SIGNING_KEY', 'No signing key is configured.', {
      hint: 'Set audit.signingKeyFile or PINNACLE_AUDIT_SIGNING_KEY_FILE.',
    });
  if (caller.dryRun)
    return { sealed: 0, unsealed: (await readUnsealed(db)).count, ...(await lastSeal(db)), checkpoint: null };
  let sealed = 0;
  for (;;) {
    caller.signal.throwIfAborted();
    const batch = await sealAll(db, BATCH_ROWS);
    if (batch === 0) break;
    sealed += batch;
  }
  const signed = signingKeyFile && (await addCheckpoint(db, signingKeyFile, anchorFile, caller));
  return {
    sealed,
    unsealed: (await readUnsealed(db)).count,
    ...(await lastSeal(db)),
    checkpoint: signed || null,
  };
}
