import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { isAbout } from '../../audit/find-entries.ts';
import type { Fields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { writeFileWhole } from '../../platform/files/write-file.ts';
import { exportPieces } from '../../platform/postgres/export-query.ts';
import type { SchemaPhase } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { outputFailure, refused } from '../../util/failure.ts';
import { writeAtomic } from '../../util/file.ts';
import { toFileProblem } from '../../util/file-problem.ts';
import { isObject, parseJson } from '../../util/json.ts';
import { COLUMNS } from '../backup/columns.ts';

/** The tables with rows of a user, and which of them these are; columns with secrets are left out. */
const OWN = (user: UserId) => sql`user_id = ${user}`;
const OF_ORDERS = (user: UserId) => sql`order_id IN (SELECT order_id FROM orders WHERE user_id = ${user})`;
const TABLES = {
  users: OWN,
  user_strategies: OWN,
  orders: OWN,
  order_fills: OF_ORDERS,
  fill_corrections: OF_ORDERS,
  positions: OWN,
  trading_sessions: OWN,
  cash_flows: OWN,
  corporate_action_effects: OWN,
  symbol_merges: OWN,
  equity_snapshots: OWN,
  risk_rules: OWN,
  trading_halts: OWN,
  notifications: OWN,
  alert_routes: OWN,
  ledger_openings: OWN,
  broker_accounts: OWN,
  broker_calls: OWN,
  paper_orders: OWN,
  paper_trades: OWN,
  audit_log: (user: UserId, phase: SchemaPhase) => isAbout([user], phase),
} as const;

const SECRETS = new Set(['api_key', 'broker_api_key', 'broker_secret', 'broker_token', 'broker_totp']);

/** The file that tells the folder of a history from any other. */
const MARKER = 'history.json';

/**
 * Makes the folder for the history of a user, 0700, or takes the one of an earlier run. Throws FILE_EXISTS for a folder of
 * something else, and OUTPUT_FAILED.
 */
export async function openHistory(folder: string, user: UserId): Promise<void> {
  const failed = (error: unknown): never => {
    throw outputFailure(folder, toFileProblem(error, 'written'), 'Name another folder.');
  };
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch(failed);
  const found = await readdir(folder).catch(failed);
  // Of a run that was killed while it wrote.
  for (const name of found.filter(isDraft)) await rm(join(folder, name), { force: true }).catch(failed);
  const there = found.filter((name) => !isDraft(name));
  if (there.length > 0 && !(await isOf(folder, user)))
    throw refused(
      'FILE_EXISTS',
      `The folder ${folder} has files already, and not the history of ${user}.`,
      'Name another folder with --to.',
    );
  if (there.length === 0)
    await writeAtomic(join(folder, MARKER), `${JSON.stringify({ user_id: user })}\n`, false).catch(failed);
}

const DRAFTS = new Set([MARKER, ...Object.keys(TABLES).map((table) => `${table}.csv`)]);

/** Whether a name is that of a file of a history before it is whole. */
function isDraft(name: string): boolean {
  const [, file = ''] = /^(.*)\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.exec(name) ?? [];
  return DRAFTS.has(file);
}

async function isOf(folder: string, user: UserId): Promise<boolean> {
  const { readInput } = await import('../../util/file.ts');
  try {
    const { bytes } = await readInput(join(folder, MARKER), 4_096, { links: false });
    const marker = parseJson(bytes.toString('utf8'));
    return isObject(marker) && marker['user_id'] === user;
  } catch {
    return false;
  }
}

/** Writes the whole history of a user as CSV, a file for each table that the schema has; files of an earlier run are replaced. */
export async function writeHistory(ctx: Context, folder: string, user: UserId) {
  const connection = await ctx.connection();
  const [tables, phase] = [await readTables(connection.kysely), await ctx.phase()];
  let rows = 0;
  for (const { table, fields } of tables) {
    const columns = sql.join(Object.entries(fields).map(([name, { type }]) => columnOf(name, type)));
    const query = sql`SELECT ${columns} FROM ${sql.table(table)} WHERE ${TABLES[table](user, phase)}`;
    async function* pieces() {
      for await (const piece of exportPieces(connection, query as never, fields, 'csv')) {
        ctx.signal.throwIfAborted();
        rows += piece.rows;
        yield piece.text;
      }
    }
    await writeFileWhole(join(folder, `${table}.csv`), true, pieces());
  }
  return { files: tables.length, rows };
}

/** A column as it is exported: COPY shortens a boolean. */
const columnOf = (name: string, type: Fields[string]['type']) =>
  type === 'boolean' ? sql`${sql.ref(name)}::text AS ${sql.ref(name)}` : sql.ref(name);

type TableName = keyof typeof TABLES;

/** The tables that the schema has, in our order, with their columns. */
async function readTables(db: Kysely<Database>): Promise<{ table: TableName; fields: Fields }[]> {
  const { rows } = await sql<{ table: string; name: string; type: string }>`
    SELECT c.relname AS "table", a.attname AS name, format_type(a.atttypid, NULL) AS type
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.oid = ANY(SELECT to_regclass(name) FROM unnest(${Object.keys(TABLES)}::text[]) AS name)`.execute(
    db,
  );
  return (Object.keys(TABLES) as TableName[]).flatMap((table) => {
    const types = new Map(rows.filter((row) => row.table === table).map(({ name, type }) => [name, type]));
    const names = (COLUMNS.get(table) ?? []).filter((name) => types.has(name) && !SECRETS.has(name));
    if (names.length === 0) return [];
    return [{ table, fields: Object.fromEntries(names.map((name) => [name, fieldOf(types.get(name))])) }];
  });
}

const TYPES: Readonly<Record<string, Fields[string]['type']>> = {
  integer: 'integer',
  bigint: 'integer',
  'double precision': 'number',
  numeric: 'money',
  'timestamp without time zone': 'time',
  boolean: 'boolean',
  json: 'json',
  jsonb: 'json',
};

const fieldOf = (type = ''): Fields[string] => ({ type: TYPES[type] ?? 'text' });
