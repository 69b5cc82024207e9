import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { refused } from '../../util/failure.ts';
import type { OrderRow } from './order-file.ts';

/** The orders table while a file is loaded into it. */
export interface Target {
  /** The ids among these that already exist. */
  known: (ids: readonly OrderId[]) => Promise<OrderId[]>;
  write: (orders: readonly OrderRow[]) => Promise<void>;
  end: () => Promise<void>;
  abort: () => Promise<void>;
}

/** Opens the table for rows of these columns: by COPY on a server, which occupies the session of the transaction. */
export async function openTarget(
  connection: Connection,
  trx: Trx,
  columns: readonly string[],
  fast: boolean,
): Promise<Target> {
  if (connection.kind === 'embedded') {
    if (fast)
      throw refused(
        'NOT_EMBEDDED',
        'The embedded database cannot load a table without its indexes.',
        'Leave out --fast.',
      );
    return embedded(trx, columns);
  }
  const rebuild = fast ? await (await import('./drop-indexes.ts')).dropIndexes(trx, 'orders') : undefined;
  const empty = rebuild !== undefined || (await isEmpty(trx.db));
  const { copyIn } = await import('../../platform/postgres/copy.ts');
  const names = columns.join(', ');
  const copy = await copyIn(
    trx.db,
    `COPY orders (${names}) FROM STDIN (FORMAT csv, FORCE_NOT_NULL (broker_order_id, error_message))`,
  );
  return {
    // Queried on another session, as this one is copying. The primary key refuses orders inserted concurrently.
    known: async (ids) => (empty || ids.length === 0 ? [] : knownOf(connection.kysely, ids)),
    write: (orders) => copy.write(orders.map(({ csv }) => csv).join('')).catch(overtaken),
    async end() {
      await copy.end().catch(overtaken);
      await rebuild?.();
    },
    abort: copy.abort,
  };
}

/** An id that was free when it was looked up, but no longer is. */
function overtaken(error: { code?: string; detail?: string }): never {
  const [, id] = /\(order_id\)=\(([^)]*)\)/.exec(error.detail ?? '') ?? [];
  if (error.code !== '23505' || id === undefined) throw error;
  throw refused(
    'ORDER_EXISTS',
    `Somebody added an order ${id} meanwhile; nothing was imported.`,
    'Run it again.',
  );
}

async function isEmpty(db: Connection['kysely']): Promise<boolean> {
  return (await db.selectFrom('orders').select('order_id').limit(1).executeTakeFirst()) === undefined;
}

/** Ids grow with time, so those of a block usually form a range without existing ids: one query confirms that. */
async function knownOf(db: Connection['kysely'], ids: readonly OrderId[]): Promise<OrderId[]> {
  const [first, last] = ids.reduce(
    ([low, high], id) => [id < low ? id : low, id > high ? id : high],
    [ids[0] as OrderId, ids[0] as OrderId],
  );
  const between = db
    .selectFrom('orders')
    .select('order_id')
    .where('order_id', '>=', first)
    .where('order_id', '<=', last);
  if (!(await between.limit(1).executeTakeFirst())) return [];
  const rows = await db
    .selectFrom('orders')
    .select('order_id')
    .where('order_id', '=', (eb) => eb.fn<OrderId>('any', [eb.val(ids)]))
    .execute();
  return rows.map(({ order_id }) => order_id);
}

const CASTS: Readonly<Record<string, RawBuilder<unknown>>> = {
  side: sql`order_side`,
  order_type: sql`order_type`,
  status: sql`order_status`,
  quantity: sql`integer`,
  filled_quantity: sql`integer`,
  retry_count: sql`integer`,
  price: sql`double precision`,
  filled_price: sql`double precision`,
  created_at: sql`timestamp`,
  updated_at: sql`timestamp`,
  trigger_price: sql`double precision`,
};

/** The columns whose empty text is NULL. */
const NULLABLE: readonly string[] = ['strategy_id', 'product', 'exchange', 'trigger_price'];

/** Inserts rows in a few statements; for a whole file, COPY is faster. */
export async function insertRows(
  trx: Trx,
  columns: readonly string[],
  orders: readonly OrderRow[],
): Promise<void> {
  const { parse } = await import('csv-parse/sync');
  const names = columns.map((column) => sql.ref(column));
  const values = columns.map((column) => {
    const value = NULLABLE.includes(column) ? sql`nullif(${sql.ref(column)}, '')` : sql.ref(column);
    const cast = CASTS[column];
    return cast ? sql`${value}::${cast}` : value;
  });
  for (let from = 0; from < orders.length; from += INSERTED_AT_ONCE) {
    const rows = orders.slice(from, from + INSERTED_AT_ONCE).flatMap(({ csv }) => parse(csv) as string[][]);
    const arrays = columns.map((_column, i) => sql`${sql.val(rows.map((row) => row[i]))}::text[]`);
    await sql`INSERT INTO orders (${sql.join(names)}) SELECT ${sql.join(values)}
      FROM unnest(${sql.join(arrays)}) AS row(${sql.join(names)})`
      .execute(trx.db)
      .catch(overtaken);
  }
}

const INSERTED_AT_ONCE = 10_000;

/** COPY crashes the embedded engine: there the rows are sent as an array of lines and split into columns. */
function embedded(trx: Trx, columns: readonly string[]): Target {
  return {
    known: (ids) => (ids.length === 0 ? Promise.resolve([]) : knownOf(trx.db, ids)),
    write: (orders) => insertRows(trx, columns, orders),
    end: async () => {},
    abort: async () => {},
  };
}
