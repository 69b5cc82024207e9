import type { Kysely } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Keys } from '../../platform/redis/keys.ts';
import { withFields } from '../../platform/redis/own-keys.ts';
import { absent, json, type Kind, type Snapshot } from './kind.ts';

declare module '../../audit/outbox.ts' {
  interface OutboxKinds {
    /** A halt was set or lifted, by its id. */
    halt: string;
  }
}

/** What follows the name in the key of the halt of everyone; no user can have this id. */
const EVERYONE = '*all*';

/** The halt of a user, or of everyone, while it is active: a service that places orders looks here first. */
export const halt = {
  purpose: 'orders',
  ttlSeconds: null,
  keys: [
    {
      name: 'halt',
      wrote: withFields(['halt_id', 'user_id', 'reason', 'since', 'by']),
      snapshots: readHalts,
    },
  ],
  outbox: { halt: 'write' },
  source: {
    phase: 4,
    table: 'trading_halts',
    id: 'halt_id',
    changedAt: 'halted_at',
    expires: false,
    snapshots: readHaltsById,
  },
} as const satisfies Kind;

/** The keys of those whom these halts are of, as they are now. */
async function readHaltsById(
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  const rows = await db
    .selectFrom('trading_halts')
    .select('user_id')
    .distinct()
    .where('halt_id', '=', (eb) => eb.fn.any(eb.val(ids)))
    .execute();
  return readHalts(
    db,
    keys,
    rows.map(({ user_id }) => user_id ?? EVERYONE),
    now,
  );
}

async function readHalts(
  db: Kysely<Database>,
  keys: Keys,
  whose: readonly string[],
  _now: Date,
): Promise<Snapshot[]> {
  const rows = await db
    .selectFrom('trading_halts')
    .select(['halt_id', 'user_id', 'reason', 'halted_at as since', 'halted_by as by'])
    .where('resumed_at', 'is', null)
    .where((eb) =>
      eb.or([
        eb('user_id', '=', eb.fn<UserId>('any', [eb.val(whose)])),
        ...(whose.includes(EVERYONE) ? [eb('user_id', 'is', null)] : []),
      ]),
    )
    .execute();
  const active = new Map(rows.map((row) => [row.user_id ?? EVERYONE, row] as const));
  return whose.map((id) => {
    const row = active.get(id as UserId);
    const key = keys.named('halt', id);
    return row ? json(key, row, null) : absent(key);
  });
}
