import type { ExpressionBuilder, Kysely, Selectable, SelectQueryBuilder } from 'kysely';
import type { Trx } from '../audit/transaction.ts';
import type { UserId } from '../domain/id.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { Missing } from '../util/error-codes.ts';
import { notFound } from '../util/failure.ts';

type Column<T extends keyof Database> = keyof Selectable<Database[T]> & string;
type Row<T extends keyof Database, C extends Column<T>> = {
  [K in C]: Selectable<Database[T]>[K];
};

/** SQL for a text column that a later step adds to a table, of rows read by their ids; NULL on a schema that lacks it. */
export function textOfStep<T extends keyof Database>(
  { fn, table, val }: ExpressionBuilder<Database, T>,
  row: T,
  column: Column<T>,
) {
  return fn<string | null>('jsonb_extract_path_text', [fn('to_jsonb', [table(row)]), val(column)]);
}

/**
 * Reads rows of a table by their ids, the first of the columns; `later` are text columns that a later step adds, NULL on a
 * schema that lacks them. What finds or locks one row throws `<NAME>_NOT_FOUND` (exit 3) with `hint` if there is none. A
 * locked row does not change until the transaction ends.
 */
export function rowsOf<
  T extends keyof Database,
  K extends Column<T>,
  C extends Column<T>,
  L extends Column<T> = never,
>(table: T, columns: readonly [K, ...C[]], name: Missing, hint: string, later: readonly L[] = []) {
  type Found = Row<T, K | C | L>;
  type Id = Found[K] & string;
  // The builder is typed as that of one table; only `Found` says what the rows are.
  const key = columns[0] as 'user_id';
  const select = (db: Kysely<Database>) =>
    db
      .selectFrom(table as 'users')
      .select(columns as unknown as ['user_id'])
      .select((eb) =>
        later.map((column) => textOfStep(eb, table as 'users', column as 'user_id').as(column)),
      );
  const one = async (query: SelectQueryBuilder<Database, 'users', object>, id: Id): Promise<Found> => {
    const row = await query.where(key, '=', id as unknown as UserId).executeTakeFirst();
    if (row === undefined) throw notFound(name, id, hint);
    return row as Found;
  };
  const many = async (query: SelectQueryBuilder<Database, 'users', object>, ids: readonly Id[]) => {
    if (ids.length === 0) return [];
    const chosen = query.where(key, '=', (eb) => eb.fn<UserId>('any', [eb.val(ids)])).orderBy(key);
    return (await chosen.execute()) as Found[];
  };
  return {
    find: (db: Kysely<Database>, id: Id) => one(select(db), id),
    /** In the order of the ids, without missing ones. */
    findMany: (db: Kysely<Database>, ids: readonly Id[]) => many(select(db), ids),
    lock: (trx: Trx, id: Id) => one(select(trx.db).forNoKeyUpdate(), id),
    lockMany: (trx: Trx, ids: readonly Id[]) => many(select(trx.db).forNoKeyUpdate(), ids),
    /** A shared lock. */
    lockShared: (trx: Trx, id: Id) => one(select(trx.db).forShare(), id),
    /** Locks the row's user first, as every change of a user's rows does. */
    async lockWithUser(trx: Trx, id: Id) {
      await trx.db
        .selectFrom('users')
        .select('user_id')
        .where('user_id', '=', (eb) =>
          eb
            .selectFrom(table as 'users')
            .select('user_id')
            .where(key, '=', id as unknown as UserId),
        )
        .forNoKeyUpdate()
        .execute();
      return one(select(trx.db).forNoKeyUpdate(), id);
    },
  };
}
