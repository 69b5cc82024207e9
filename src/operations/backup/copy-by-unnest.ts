import { CompiledQuery, type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Copying, CopyTarget } from './dump-parser.ts';

const BATCH_BYTES = 1_048_576;

/** COPY for the embedded engine, whose own COPY crashes: one INSERT from arrays per megabyte of lines. */
export async function copyByUnnest(trx: Kysely<Database>, target: CopyTarget): Promise<Copying> {
  const insert = await insertOf(trx, target);
  let pending: Buffer[] = [];
  let size = 0;
  const flush = async () => {
    if (size === 0) return;
    const lines = Buffer.concat(pending).toString('utf8').split('\n').slice(0, -1);
    pending = [];
    size = 0;
    await trx.executeQuery(CompiledQuery.raw(insert, arraysOf(lines)));
  };
  return {
    async write(lines) {
      pending.push(lines);
      size += lines.length;
      if (size >= BATCH_BYTES) await flush();
    },
    end: flush,
    async abort() {},
  };
}

/** `INSERT … SELECT a::type, … FROM unnest($1::text[], …)`. */
async function insertOf(trx: Kysely<Database>, { table, columns }: CopyTarget): Promise<string> {
  const { rows } = await sql<{ name: string; type: string }>`
    SELECT quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
    WHERE attrelid = ${table}::regclass AND attnum > 0 AND NOT attisdropped`.execute(trx);
  const types = new Map(rows.map(({ name, type }) => [name, type]));
  const names = columns.split(', ');
  const values = names.map((name, i) => `c${i}::${types.get(name) ?? 'text'}`);
  const arrays = names.map((_name, i) => `$${i + 1}::text[]`);
  const aliases = names.map((_name, i) => `c${i}`);
  return `INSERT INTO ${table} (${columns}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM unnest(${arrays.join(', ')}) AS u(${aliases.join(', ')})`;
}

/** The columns of COPY lines, each as an array literal. */
function arraysOf(lines: readonly string[]): string[] {
  const rows = lines.map((line) => line.split('\t'));
  return (rows[0] ?? []).map((_first, i) => `{${rows.map((row) => element(row[i] ?? '\\N')).join(',')}}`);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', v: '\v' };

function element(value: string): string {
  if (value === '\\N') return 'NULL';
  const text = value.includes('\\') ? value.replace(/\\(.)/gs, (_all, char) => ESCAPES[char] ?? char) : value;
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, '\\$&') : text}"`;
}
