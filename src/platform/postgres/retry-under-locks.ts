import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { isRetryable } from './errors.ts';
import { execute } from './execute-sql.ts';
import type { Database } from './tables.ts';

/** How often a transaction is tried while other sessions hold the locks that it needs. */
export interface LockPolicy {
  /** How long one attempt waits for a lock. Every later request for the same table queues behind it meanwhile. */
  lockTimeoutMs: number;
  maxAttempts: number;
  /** Milliseconds between two attempts; `attempt` counts from 1. */
  delayMs: (attempt: number) => number;
}

/** For DDL that must get through: few attempts, each with time to be granted. */
export const PATIENT_LOCKS: LockPolicy = {
  lockTimeoutMs: 3_000,
  maxAttempts: 5,
  delayMs: (attempt) => (0.5 + Math.random()) * 100 * 2 ** attempt,
};

/** For locks on a live table: many attempts, none of which is noticed by others. */
export const BRIEF_LOCKS: LockPolicy = {
  lockTimeoutMs: 40,
  maxAttempts: 200,
  delayMs: () => 50 + Math.random() * 200,
};

const LOCK_NOT_AVAILABLE = '55P03';

/** True where a lock of another session was the reason: a lock timeout, a deadlock or a serialization failure. */
export function isLockConflict(error: unknown): boolean {
  return isRetryable(error) || (error as { code?: string } | undefined)?.code === LOCK_NOT_AVAILABLE;
}

/** Limits, until the end of the transaction, how long a statement waits for a lock. */
export function setLockTimeout(db: Kysely<Database>, { lockTimeoutMs }: LockPolicy): Promise<void> {
  return execute(db, `SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`);
}

/**
 * Runs a whole transaction, again after each lock conflict up to `maxAttempts` times; an error may carry the database's
 * own as its cause. `onRetry` gets the number of the next attempt. Throws the last error, or any other at once.
 */
export async function retryUnderLocks<T>(
  policy: LockPolicy,
  signal: AbortSignal,
  transaction: (attempt: number) => Promise<T>,
  onRetry?: (attempt: number) => Promise<void>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(attempt);
    } catch (error) {
      const conflict = isLockConflict(error) || isLockConflict((error as Error | undefined)?.cause);
      if (!conflict || attempt >= policy.maxAttempts || signal.aborted) throw error;
      await onRetry?.(attempt + 1);
      await sleep(policy.delayMs(attempt), undefined, { signal });
    }
  }
}
