import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { changesOf, createHistoryTable, readHistory, refuseChanged } from '../migrations/history.ts';
import { isSameStep, loadSteps, tablesOf } from '../migrations/scripts.ts';
import type { Dump } from './archive.ts';
import type { Rows } from './row-counts.ts';

const BATCH_ROWS = 2_000;

interface Column {
  name: string;
  identity: boolean;
}

/**
 * The embedded database's dump, as text that pg_dump could have written: the scripts of its steps, the rows of their
 * tables, where the counters stand. What else somebody made there is not in it. Throws SCRIPT_CHANGED (exit 5).
 */
export async function dumpEmbedded(
  _ctx: Context,
  trx: Kysely<Database>,
): Promise<Pick<Dump, 'text' | 'rows'>> {
  const [steps, record] = [await loadSteps(), await readHistory(trx)];
  refuseChanged(changesOf(steps, record));
  const applied = steps.filter((step) => record.some((each) => isSameStep(each, step)));
  const tables = ['pinnacle_migrations', ...applied.flatMap(tablesOf)];
  const rows: Record<string, number> = {};
  for (const table of tables) rows[table] = await countRows(trx, table);
  async function* text() {
    yield bytes(`${createHistoryTable(trx).compile().sql};\n`);
    for (const { up } of applied) yield bytes(`${up.text.trimEnd()}\n`);
    // A credential from before the phase that forbids plain text must come back as it was.
    yield bytes('ALTER TABLE users DISABLE TRIGGER USER;\n');
    for (const table of tables) yield* tableText(trx, table);
    yield bytes('ALTER TABLE users ENABLE TRIGGER USER;\n');
  }
  return { text: text(), rows: async (): Promise<Rows> => rows };
}

const bytes = (text: string) => Buffer.from(text);

async function countRows(trx: Kysely<Database>, table: string): Promise<number> {
  const { rows } = await sql<{ n: string }>`SELECT count(*) AS n FROM ${sql.id(table)}`.execute(trx);
  return Number(rows[0]?.n);
}

/** The rows of a table by a cursor, as the engine's own COPY crashes it. */
async function* tableText(trx: Kysely<Database>, table: string): AsyncGenerator<Buffer> {
  const columns = await columnsOf(trx, table);
  yield bytes(`COPY ${table} (${columns.map(({ name }) => name).join(', ')}) FROM stdin;\n`);
  const values = sql.join(columns.map(({ name }) => sql`${sql.id(name)}::text`));
  await sql`DECLARE dumped NO SCROLL CURSOR FOR SELECT ${values} FROM ${sql.id(table)}`.execute(trx);
  for (;;) {
    const { rows } = await sql<object>`FETCH ${sql.lit(BATCH_ROWS)} FROM dumped`.execute(trx);
    if (rows.length === 0) break;
    yield bytes(rows.map((row) => `${Object.values(row).map(copied).join('\t')}\n`).join(''));
  }
  await sql`CLOSE dumped`.execute(trx);
  yield bytes('\\.\n');
  for (const { name } of columns.filter(({ identity }) => identity))
    yield await counterText(trx, table, name);
}

async function columnsOf(trx: Kysely<Database>, table: string): Promise<Column[]> {
  const { rows } = await sql<Column>`
    SELECT attname AS name, attidentity <> '' AS identity FROM pg_attribute
    WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum`.execute(trx);
  return rows;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A value as COPY writes it. */
function copied(value: unknown): string {
  if (value === null) return '\\N';
  return String(value).replace(/[\\\n\r\t]/g, (char) => ESCAPES[char] ?? char);
}

async function counterText(trx: Kysely<Database>, table: string, column: string): Promise<Buffer> {
  const { rows: found } = await sql<{
    name: string;
  }>`SELECT pg_get_serial_sequence(${table}, ${column}) AS name`.execute(trx);
  const { rows } = await sql<{ last_value: string; is_called: boolean }>`
    SELECT last_value, is_called FROM ${sql.table(found[0]?.name ?? '')}`.execute(trx);
  const { last_value, is_called } = rows[0] ?? { last_value: '1', is_called: false };
  return bytes(
    `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), ${last_value}, ${is_called});\n`,
  );
}
