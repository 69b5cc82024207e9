import { type RawBuilder, sql } from 'kysely';

const ARRAYS = {
  text: sql`text[]`,
  int: sql`int[]`,
  float8: sql`float8[]`,
  numeric: sql`numeric[]`,
  timestamp: sql`timestamp[]`,
  boolean: sql`boolean[]`,
};

/**
 * Rows as one SQL source, `unnest($1::text[], $2::int[]) AS name(a, b)`: one parameter per column whatever the number of
 * rows, so that one statement writes them all. Keeps the order of the rows.
 */
export function unnest<C extends string>(
  name: string,
  columns: Readonly<Record<C, keyof typeof ARRAYS>>,
  rows: readonly Readonly<Record<NoInfer<C>, unknown>>[],
): RawBuilder<unknown> {
  const names = Object.keys(columns) as C[];
  const arrays = names.map((column) => sql`${arrayLiteral(rows, column)}::${ARRAYS[columns[column]]}`);
  return sql`unnest(${sql.join(arrays)}) AS ${sql.ref(name)}(${sql.join(names.map((column) => sql.ref(column)))})`;
}

/**
 * A column as an array literal of PostgreSQL; the encoding of the driver takes several times as long. Joined at the end:
 * a text that grows by each element leaves kilobytes behind for every row.
 */
function arrayLiteral<C extends string>(rows: readonly Readonly<Record<C, unknown>>[], column: C): string {
  return `{${rows.map((row) => element(row[column])).join(',')}}`;
}

// Without quotes nothing else reads as itself: a blank, a brace, an empty text, the word NULL.
const PLAIN = /^(?!null$)[\w.:+-]+$/i;

function element(value: unknown): string {
  if (typeof value !== 'string') return value === null || value === undefined ? 'NULL' : String(value);
  return PLAIN.test(value) ? value : `"${/["\\]/.test(value) ? value.replace(/["\\]/g, '\\$&') : value}"`;
}
