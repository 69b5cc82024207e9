import { writtenInstant } from '../domain/instant.ts';
import { choice, toggle, withDefault } from './flags.ts';
import { type Keyset, notACursor } from './pagination.ts';

/** A way to order a list, for which there is an index: by a column and then by what tells rows apart. */
export interface Sort {
  columns: readonly string[];
  /** What the first column holds. */
  first: 'time' | 'number' | 'id';
}

export type Sorts = Readonly<Record<string, Sort>>;

/** The flags of a list that can be ordered in several ways; the first is its usual one. */
export function sortFlags<const S extends Sorts>(sorts: S) {
  const names = Object.keys(sorts) as (keyof S & string)[];
  const by = choice(names, 'COLUMN', 'by this column, the latest or greatest first');
  return {
    sort: withDefault(by, names[0] ?? ''),
    reverse: toggle('the other way round: the earliest or least first'),
  };
}

export interface SortInput {
  sort: string;
  reverse: boolean;
}

/** What the cursors of a list in this order begin with; undefined for its usual order. */
export function orderName({ sort, reverse }: SortInput, sorts: Sorts): string | undefined {
  if (sort === Object.keys(sorts)[0] && !reverse) return undefined;
  return reverse ? `${sort} reversed` : sort;
}

const FORMS = {
  time: (text: string) => writtenInstant(text, 'UTC') !== undefined,
  number: (text: string) => /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text),
  id: () => true,
} as const satisfies Record<Sort['first'], (text: string) => boolean>;

/** The values that a page in this order begins behind; throws a usage error if they cannot be those of a row. */
export function keysetOf({ columns, first }: Sort, keyset: Keyset): Keyset {
  if (keyset.length !== columns.length || !FORMS[first](keyset[0] ?? '')) throw notACursor();
  return keyset;
}
