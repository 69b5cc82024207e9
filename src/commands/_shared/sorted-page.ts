import type { SelectQueryBuilder, Simplify } from 'kysely';
import { type PageInput, page } from '../../cli/pagination.ts';
import { columnValue } from '../../cli/rows.ts';
import { keysetOf, orderName, type Sort, type SortInput, type Sorts } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { type Named, requireNamed, requireSeveral } from '../../trading/strategies/require-named.ts';

/** The rows of a list, and the orders that it can be in. */
interface SortedList<DB, TB extends keyof DB, O, R extends object> {
  sorts: Sorts;
  /** Together they select the rows; each can follow an index. */
  selections: readonly SelectQueryBuilder<DB, TB, O>[];
  /** What its flags name: where that does not exist, it is said instead of an empty list. */
  named: Named;
  /** Runs where nothing is found and all that is named exists. */
  whenNone?: () => Promise<void>;
  /** Adds to rows what is shown beside their columns. */
  complete: (rows: Simplify<O>[]) => Promise<R[]>;
}

/** A page of a list, or all of it, in the order that its flags choose; see `page`. Throws what `requireNamed` does. */
export async function sortedPage<DB, TB extends keyof DB, O, R extends object>(
  ctx: Context,
  input: PageInput & SortInput,
  { sorts, selections, named, whenNone, complete }: SortedList<DB, TB, O, R>,
) {
  const sort = sorts[input.sort] as Sort;
  const order = { columns: sort.columns, descending: !input.reverse };
  const { sortedRows } = await import('../../platform/postgres/sorted-rows.ts');
  const db = await ctx.db();
  await requireSeveral(db, named);
  return page(
    { ...input, orderedBy: orderName(input, sorts) },
    ctx.io,
    async (limit, after) =>
      complete(await sortedRows(db, selections, order, limit, after && keysetOf(sort, after))),
    (row) => sort.columns.map((column) => String(columnValue(row, column.replace(/^.*\./, '')))),
    async () => {
      await requireNamed(db, named);
      await whenNone?.();
    },
  );
}
