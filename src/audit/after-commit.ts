import type { Kysely } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { Failure } from '../util/failure.ts';
import type { OutboxKind, Pending } from './outbox.ts';

/** What follows a commit: brings to Redis what the command changed. */
export interface AfterCommit {
  /** Whether Redis shows a row that last changed at `at`, in UTC; now if omitted. Imported history outlived its TTL. */
  isShown: (kind: OutboxKind, at?: Instant) => boolean;
  /** Never throws and takes no longer than the timeout of Redis: what fails stays in the outbox. */
  project: (db: Kysely<Database>, entries: readonly Pending[]) => Promise<void>;
  /** Why something is still in the outbox; undefined if nothing is. */
  failure: () => Failure | undefined;
}

/** For an installation without Redis: nothing is queued and nothing is projected. */
export const NO_PROJECTION: AfterCommit = {
  isShown: () => false,
  project: async () => {},
  failure: () => undefined,
};
