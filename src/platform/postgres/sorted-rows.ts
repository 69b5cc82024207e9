import { type Kysely, type SelectQueryBuilder, type Simplify, sql } from 'kysely';
import type { Database } from './tables.ts';

/** Columns that tell any two rows apart, and whether the greatest come first. */
export interface Order {
  columns: readonly string[];
  descending: boolean;
}

/**
 * Up to `limit` rows of all selections together in an order, behind the row with these values of its columns. Each selection
 * follows an index of its own, as a condition on several values of a column could not.
 */
export async function sortedRows<DB, TB extends keyof DB, O>(
  db: Kysely<Database>,
  selections: readonly SelectQueryBuilder<DB, TB, O>[],
  { columns, descending }: Order,
  limit: number,
  after: readonly string[] | undefined,
): Promise<Simplify<O>[]> {
  const direction = descending ? 'desc' : 'asc';
  const key = sql.join(columns.map((column) => sql.ref(column)));
  const ordered = selections.map((selection) => {
    const rest =
      after === undefined
        ? selection
        : selection.where(
            sql<boolean>`(${key}) ${sql.raw(descending ? '<' : '>')} (${sql.join([...after])})`,
          );
    return columns.reduce((query, column) => query.orderBy(sql.ref(column), direction), rest).limit(limit);
  });
  const [only] = ordered;
  if (only && ordered.length === 1) return only.execute();
  const order = sql.join(columns.map((column) => sql`${sql.ref(column)} ${sql.raw(direction)}`));
  const { rows } = await sql<Simplify<O>>`
    SELECT * FROM (${sql.join(ordered, sql` UNION ALL `)}) AS merged ORDER BY ${order} LIMIT ${limit}`.execute(
    db,
  );
  return rows;
}

/**
 * The filter as several, of which each has one value of the first of these columns that it names: each can follow an index in
 * the order of a list.
 */
export function oneEach<F extends object>(filter: F, columns: readonly (keyof F)[]): F[] {
  const leading = columns.find((column) => filter[column] !== undefined);
  const values = leading === undefined ? undefined : filter[leading];
  if (leading === undefined || !Array.isArray(values)) return [filter];
  return values.map((value) => ({ ...filter, [leading]: [value] }));
}
