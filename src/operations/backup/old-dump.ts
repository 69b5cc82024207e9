import { truncate } from '../../util/text.ts';
import { splitStatements } from '../migrations/split-statements.ts';
import { COLUMNS, type Part } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';

const COPY = /^COPY (\S+) \(([\w, "]+)\) FROM stdin;$/;
const LINE = 0x0a;
const END = Buffer.from('\\.\n');
const LINE_END = Buffer.from('\n\\.\n');
const MAX_SQL_BYTES = 8 * 1_048_576;
const SENTINEL = 'sentinel';

/** A name as a dump writes it, perhaps with a schema before it; the name itself is captured. */
const NAME = String.raw`(?:(?:\w+|"[^"]+")\.)?"?(\w+)"?`;
const TYPES = [
  ...['order_side', 'order_type', 'order_status', 'strategy_status', 'position_side', 'position_status'],
  ...['notification_type', 'alert_level', 'session_status', 'rule_type'],
];
const FUNCTIONS = ['audit_append_only', 'audit_seal', 'risk_rules_in_force', 'users_broker_envelope'];
const OURS = new Set([...COLUMNS.keys(), ...TYPES, ...FUNCTIONS]);

/** The statements of format 1: nothing of them is run. What is captured must be the name of an object of ours. */
const STATEMENTS = [
  String.raw`SET (?:\w+_timeout|client_encoding|standard_conforming_strings|check_function_bodies|xmloption|client_min_messages|row_security|default_tablespace|default_table_access_method) = [\w']*$`,
  String.raw`SELECT pg_catalog\.set_config\('search_path', '', false\)$`,
  String.raw`SELECT pg_catalog\.setval\('[\w."]+', \d+, (?:true|false)\)$`,
  String.raw`SELECT setval\(pg_get_serial_sequence\('\w+', '\w+'\), \d+, (?:true|false)\)$`,
  `CREATE TYPE ${NAME} AS ENUM `,
  String.raw`create table "pinnacle_migrations" \(`,
  String.raw`CREATE TABLE ${NAME} \(`,
  String.raw`CREATE FUNCTION ${NAME}\(`,
  String.raw`CREATE (?:UNIQUE )?INDEX \w+ ON (?:ONLY )?${NAME} `,
  String.raw`CREATE TRIGGER \w+\s[\w\s,]+?\sON ${NAME}\s`,
  `ALTER (?:TABLE ONLY|TABLE|TYPE|FUNCTION) ${NAME}[\\s(]`,
  String.raw`ALTER INDEX [\w."]+ ATTACH PARTITION [\w."]+$`,
  'ALTER DEFAULT PRIVILEGES ',
  String.raw`(?:CREATE SCHEMA \w+|ALTER SCHEMA \w+ OWNER TO \S+)$`,
  'COMMENT ON (?:SCHEMA|EXTENSION) (?:public|plpgsql) IS ',
  String.raw`COMMENT ON COLUMN ${NAME}\.\w+ IS\s`,
  String.raw`(?:GRANT|REVOKE) [\w, ()]+ ON (?:TABLE|TYPE|FUNCTION) ${NAME}[\s(]`,
  String.raw`(?:GRANT|REVOKE) [\w, ]+ ON (?:SCHEMA|SEQUENCE) [\w."]+ (?:TO|FROM) `,
  String.raw`DO \$\$\s+BEGIN\s+EXECUTE format\(\s+'ALTER FUNCTION audit_seal\(integer, boolean\) SET search_path = pg_catalog, %I, pg_temp', current_schema\(\)\s+\);\s+END\s+\$\$$`,
].map((source) => new RegExp(`^${source}`));

/** The table of ours that a name in a dump of format 1 means: without its schema, and a partition as the whole. */
export function tableOf(name: string): string {
  const table = name.replace(/^(?:\w+|"[^"]+")\./, '').replaceAll('"', '');
  return /^orders_(?:history|ahead|\d{4}_\d\d)$/.test(table) ? 'orders' : table;
}

/**
 * The tables of a dump of format 1 and their rows. Its statements are recognized and passed over, because the scripts rebuild
 * the schema. Throws CorruptArchive naming any other statement.
 */
export async function* readOldTables(chunks: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  const reader = dumpReader();
  for await (const chunk of chunks) yield* reader.feed(chunk);
  reader.finish();
}

function dumpReader() {
  let rest: Buffer = Buffer.alloc(0);
  let sql = '';
  let open: string | undefined;
  const seen = new Set<string>();

  /** Takes a line of SQL; false where there is no whole one. */
  const takeLine = (parts: Part[]): boolean => {
    const end = rest.indexOf(LINE);
    if (end < 0) return false;
    const line = rest.toString('utf8', 0, end);
    rest = rest.subarray(end + 1);
    const [, name, columns = ''] = COPY.exec(line) ?? [];
    // Within a literal such a line is text like any other.
    const structural = (name !== undefined || line.startsWith('\\')) && isComplete(sql);
    if (!structural) sql += `${line}\n`;
    else if (name !== undefined) {
      refuseForeign(sql);
      sql = '';
      if (seen.has(name)) throw new CorruptArchive('foreign', `table ${name} stands twice in it`);
      seen.add(name);
      open = name;
      parts.push({ table: tableOf(name), columns: columns.replaceAll('"', '').split(', ') });
    }
    if (sql.length > MAX_SQL_BYTES)
      throw new CorruptArchive('foreign', 'it holds more SQL than a backup does');
    return true;
  };
  /** Takes rows; false where more must come first. */
  const takeRows = (parts: Part[]): boolean => {
    const over = rest.subarray(0, END.length).equals(END);
    const end = over ? 0 : rest.indexOf(LINE_END) + 1;
    const whole = over || end > 0;
    const until = whole ? end : rest.lastIndexOf(LINE) + 1;
    if (until > 0) parts.push({ rows: rest.subarray(0, until) });
    rest = rest.subarray(whole ? until + END.length : until);
    if (whole) open = undefined;
    return whole;
  };

  return {
    feed(chunk: Buffer) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      const parts: Part[] = [];
      while (open === undefined ? takeLine(parts) : takeRows(parts));
      return parts;
    },
    finish() {
      if (open !== undefined) throw new CorruptArchive('cut', `it ends within table ${tableOf(open)}`);
      refuseForeign(sql + rest.toString('utf8'));
    },
  };
}

/** Whether a script ends where a statement does, and not within a literal or a comment. */
function isComplete(sql: string): boolean {
  return splitStatements(`${sql}${SENTINEL}`).at(-1)?.sql === SENTINEL;
}

function refuseForeign(sql: string): void {
  for (const statement of splitStatements(sql)) {
    const match = STATEMENTS.map((pattern) => pattern.exec(statement.sql)).find((found) => found !== null);
    const name = match?.[1];
    if (!match || (name !== undefined && !OURS.has(tableOf(name))))
      throw new CorruptArchive(
        'foreign',
        `it holds a statement that no backup has: ${truncate(statement.sql)}`,
      );
  }
}
