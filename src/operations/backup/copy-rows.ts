import { CompiledQuery, type Kysely, sql } from 'kysely';
import { COPY_NULL, escapeCopy, unescapeCopy } from '../../platform/files/copy-text.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { TableColumns } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';

type Kind = Connection['kind'];

/** A table within a schema, and the columns of it that a backup holds. */
export interface Source extends TableColumns {
  schema: string;
}

/** Rows on their way into a table. */
export interface Loading {
  /** Takes a piece of any length. */
  write: (rows: Buffer) => Promise<void>;
  /** Ends it; returns how many rows the table took. */
  end: () => Promise<number>;
  abort: () => Promise<void>;
}

const FETCH_ROWS = 2_000;
const BATCH_BYTES = 1_048_576;
const MAX_ROW_BYTES = 64 * 1_048_576;
const LINE = 0x0a;

const listed = (columns: readonly string[]) => columns.map(quoteIdentifier).join(', ');
const placed = ({ schema, table }: Source) => `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;

/** The rows of a table in the text form of COPY, within a transaction. */
export async function* readRows(kind: Kind, trx: Kysely<Database>, source: Source): AsyncGenerator<Buffer> {
  if (kind === 'embedded') return yield* readByCursor(trx, source);
  const { copyOutWithin } = await import('../../platform/postgres/copy.ts');
  yield* copyOutWithin(trx, `COPY (SELECT ${listed(source.columns)} FROM ${placed(source)}) TO STDOUT`);
}

/** Begins to load rows in the text form of COPY into a table, within a transaction. */
export async function loadRows(kind: Kind, trx: Kysely<Database>, target: Source): Promise<Loading> {
  if (kind === 'embedded') return loadByUnnest(trx, target);
  const { copyIn } = await import('../../platform/postgres/copy.ts');
  return copyIn(trx, `COPY ${placed(target)} (${listed(target.columns)}) FROM STDIN`);
}

async function typesOf(trx: Kysely<Database>, source: Source): Promise<Map<string, string>> {
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
    WHERE attrelid = ${placed(source)}::regclass AND attnum > 0 AND NOT attisdropped`.execute(trx);
  return new Map(rows.map(({ name, type }) => [name, type]));
}

/** COPY for the embedded engine, whose own COPY crashes. */
async function* readByCursor(trx: Kysely<Database>, source: Source): AsyncGenerator<Buffer> {
  const types = await typesOf(trx, source);
  const values = source.columns.map((name) => {
    const text = sql`${sql.id(name)}::text`;
    return types.get(name) === 'boolean' ? sql`left(${text}, 1)` : text;
  });
  await sql`DECLARE copied NO SCROLL CURSOR FOR
    SELECT ${sql.join(values.map((value, i) => sql`${value} AS ${sql.id(`c${i}`)}`))}
    FROM ${sql.id(source.schema, source.table)}`.execute(trx);
  for (;;) {
    const { rows } = await sql<object>`FETCH ${sql.lit(FETCH_ROWS)} FROM copied`.execute(trx);
    if (rows.length === 0) break;
    yield Buffer.from(rows.map((row) => `${Object.values(row).map(escaped).join('\t')}\n`).join(''));
  }
  await sql`CLOSE copied`.execute(trx);
}

/** A value as COPY writes it. */
function escaped(value: unknown): string {
  return value === null ? COPY_NULL : escapeCopy(String(value));
}

/** COPY for the embedded engine: one INSERT from arrays per megabyte of rows. */
async function loadByUnnest(trx: Kysely<Database>, target: Source): Promise<Loading> {
  const insert = insertOf(target, await typesOf(trx, target));
  let pending: Buffer[] = [];
  let size = 0;
  let rows = 0;
  const flush = async () => {
    const all = Buffer.concat(pending);
    const end = all.lastIndexOf(LINE) + 1;
    pending = end < all.length ? [all.subarray(end)] : [];
    size = all.length - end;
    if (end === 0) return;
    const lines = all.toString('utf8', 0, end).split('\n').slice(0, -1);
    await trx.executeQuery(CompiledQuery.raw(insert, arraysOf(lines, target)));
    rows += lines.length;
  };
  return {
    async write(piece) {
      pending.push(piece);
      size += piece.length;
      if (size >= BATCH_BYTES) await flush();
      if (size > MAX_ROW_BYTES) throw refusedRow(target, 'a row of more than 64 MiB');
    },
    async end() {
      await flush();
      if (size > 0) throw refusedRow(target, 'a row without an end');
      return rows;
    },
    async abort() {},
  };
}

const refusedRow = ({ table }: Source, what: string) =>
  new CorruptArchive('rows refused', `table ${table} has ${what}`);

/** `INSERT … SELECT a::type, … FROM unnest($1::text[], …)`. */
function insertOf(target: Source, types: ReadonlyMap<string, string>): string {
  const { columns } = target;
  const values = columns.map((name, i) => `c${i}::${types.get(name) ?? 'text'}`);
  const arrays = columns.map((_name, i) => `$${i + 1}::text[]`);
  const aliases = columns.map((_name, i) => `c${i}`);
  return `INSERT INTO ${placed(target)} (${listed(columns)}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${aliases.join(', ')})`;
}

/** The columns of lines of COPY, each as an array literal. */
function arraysOf(lines: readonly string[], target: Source): string[] {
  const rows = lines.map((line) => line.split('\t'));
  if (rows.some((row) => row.length !== target.columns.length))
    throw refusedRow(target, 'a row with more or fewer values than columns');
  return target.columns.map((_name, i) => `{${rows.map((row) => element(row[i] ?? '')).join(',')}}`);
}

function element(value: string): string {
  if (value === COPY_NULL) return 'NULL';
  return `"${unescapeCopy(value).replace(/["\\]/g, '\\$&')}"`;
}
