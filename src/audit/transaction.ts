import type { Transaction } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import type { ProjectionKind } from './outbox.ts';

/** The transaction of one change. */
export type Trx = Transaction<Database> & {
  /** Says what the change does to something that Redis has an image of; `at` is its last change, now when left out. */
  touch: (kind: ProjectionKind, keys: readonly string[], at?: string) => void;
};
