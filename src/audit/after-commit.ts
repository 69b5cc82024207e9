import type { Kysely } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import type { Failure } from '../util/failure.ts';
import type { Pending } from './outbox.ts';

/** Brings to Redis what one command has committed. */
export interface AfterCommit {
  /** What changed last before this time, in UTC, is nothing to Redis: history that is imported. */
  since: string;
  /** Never throws and takes no longer than the timeout of Redis: what fails waits in the outbox. */
  project: (db: Kysely<Database>, entries: readonly Pending[]) => Promise<void>;
  /** Why something waits; undefined while nothing does. */
  failure: () => Failure | undefined;
}
