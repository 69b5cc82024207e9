import type { Instant } from '../domain/instant.ts';
import type { Source } from '../platform/postgres/schema-phase.ts';
import type { OutboxKind } from './outbox.ts';

/** The transaction of one change. */
export interface Trx extends Source {
  /** Queues what the change did for Redis. `at` is when the things last changed, in UTC; now if omitted. */
  touch: (kind: OutboxKind, keys: readonly string[], at?: Instant) => void;
}
