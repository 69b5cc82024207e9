import type { Kysely } from 'kysely';
import type { Pending } from '../../audit/outbox.ts';
import type { RedisPurpose } from '../../platform/config/redis-settings.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import type { Keys } from '../../platform/redis/keys.ts';
import type { Wrote } from '../../platform/redis/own-keys.ts';

/**
 * One kind of thing in Redis, and all that is known of it: draining, rebuilding, comparing, orphans, retention and
 * watching follow from this object. Help reads the kinds too, so their files import neither Kysely nor a driver.
 */
export interface Kind {
  /** Which Redis it is in. */
  purpose: RedisPurpose;
  /** How long its keys and events live; null where a key stays until what it shows has ended. */
  ttlSeconds: number | null;
  /** Its row in `retention plan`; left out where nothing expires. */
  retention?: string;
  keys: readonly [KeyFamily, ...KeyFamily[]];
  /** The entries of the outbox that belong to it, and how each reaches Redis. */
  outbox: Readonly<Record<string, OutboxEffect>>;
  /** The table it is projected from; left out where Redis alone has it, which is never rebuilt or compared. */
  source?: ProjectedTable;
}

/** Keys of one name, `name:id`. */
export interface KeyFamily {
  name: string;
  /** The pattern of SCAN, without the prefix, where that is not `name:*`. */
  pattern?: string;
  /** The row that each key stands for; a key without one is an orphan. */
  row?: { table: string; id: string };
  /** Tells what this program writes under the keys from what others do; left out of sets and lists. */
  wrote?: Wrote;
  /** Of sets and lists: the table whose rows of the same owner the members are, and which others are this program's. */
  members?: { in: 'set' | 'list'; table: string; id: string; own: FindOwn };
  /**
   * What the keys hold, by what follows the name in them, where they are derived from many rows. Without `row`, a key
   * that should not exist by this is an orphan.
   */
  snapshots?: ReadSnapshots;
}

/** Where a kind comes from: a table with one key, and one event per change, for each row. */
export interface ProjectedTable {
  phase: 1 | 2 | 3 | 4;
  /** Also names its column in `realtime rebuild`. */
  table: string;
  id: string;
  /** The column that the TTL counts from. */
  changedAt: string;
  /** Whether retention deletes its rows, so that their keys must go too. */
  expires: boolean;
  /** The key of a row, and those of the lists and sets that it is in. */
  snapshots: ReadSnapshots;
  /** The stream of its changes, and the field that holds the JSON of the key; `retention` is its row in `retention plan`. */
  stream?: EventStream;
}

/** A table whose changes are announced. */
export type StreamedTable = ProjectedTable & { stream: EventStream };

export interface EventStream {
  name: string;
  field: string;
  retention: string;
}

/** What PostgreSQL says that Redis must hold for these rows at this moment. */
type ReadSnapshots = (
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
) => Promise<Snapshot[]>;

/** What Redis must hold under a key. `expires` is a Unix time in seconds; null for never. */
export type Snapshot =
  /** JSON; null where the key must not exist. */
  | { type: 'json'; key: string; value: string | null; expires: number | null }
  /**
   * A list of these and of what others put there; `own` finds those that are ours among ids that are not due, and `fresh` are
   * those that were not there before.
   */
  | { type: 'list'; key: string; members: string[]; expires: number; own: FindOwn; fresh?: readonly string[] }
  /** A set of at least these: members leave it only when it is rebuilt. */
  | { type: 'set'; key: string; members: string[]; expires: number };

type FindOwn = (redis: RedisConnection, ids: readonly string[]) => Promise<Set<string>>;

/**
 * How entries of the outbox reach Redis: the snapshots of their rows are written; written and announced in the stream;
 * or a step of the kind's own.
 */
type OutboxEffect =
  | 'write'
  | 'announce'
  | ((redis: RedisConnection, entries: readonly Pending[]) => Promise<void>);

/** The snapshot of a key that must not exist. */
export const absent = (key: string): Snapshot => ({ type: 'json', key, value: null, expires: 0 });

/** The snapshot of a row as JSON. */
export const json = (key: string, row: unknown, expires: number | null): Snapshot => ({
  type: 'json',
  key,
  value: JSON.stringify(row),
  expires,
});

/** The Unix time of an instant, in seconds. */
export const unixSeconds = (time: string | Date) => Math.floor(new Date(time).getTime() / 1_000);
