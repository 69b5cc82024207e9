import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Parts, rowsOf, withRows } from './forge.ts';

/** An archive as somebody may craft it, given a good one without a key; `harmless` if it holds but odd values. */
export interface Forgery {
  what: string;
  parts: (good: Parts) => Parts;
  /** What stands where the rows should, compressed. */
  compressed?: (good: Parts) => Buffer;
  harmless?: true;
}

/** What runs a program, or makes an object, if anything of an archive is executed. */
export const CANARY = 'pinnacle_canary';
const program = (folder: string) => `TO PROGRAM 'touch ${join(folder, CANARY)}'`;

/** Statements of every class, of which one that ran would be seen, and those that a dump might have. */
const statements = (folder: string): readonly string[] => [
  `COMMIT; DROP DATABASE postgres WITH (FORCE);`,
  `COPY (SELECT 1) ${program(folder)};`,
  `COPY users ${program(folder)};`,
  `COPY users FROM PROGRAM 'touch ${join(folder, CANARY)}';`,
  `COPY users TO '${join(folder, CANARY)}';`,
  `COPY users FROM '/etc/passwd';`,
  `CREATE ROLE ${CANARY} SUPERUSER;`,
  `CREATE DATABASE ${CANARY};`,
  `CREATE TABLE ${CANARY} (a int);`,
  `CREATE TABLE public.${CANARY} (a int);`,
  `CREATE UNLOGGED TABLE users (a int);`,
  `CREATE TABLE users AS SELECT pg_read_file('/etc/passwd');`,
  `CREATE VIEW ${CANARY} AS SELECT 1;`,
  `CREATE MATERIALIZED VIEW ${CANARY} AS SELECT 1;`,
  `CREATE SEQUENCE ${CANARY};`,
  `CREATE FUNCTION ${CANARY}() RETURNS int LANGUAGE sql AS 'SELECT 1';`,
  `CREATE OR REPLACE FUNCTION audit_seal(integer, boolean) RETURNS int LANGUAGE sql AS 'SELECT 1';`,
  `CREATE PROCEDURE ${CANARY}() LANGUAGE sql AS 'SELECT 1';`,
  `CREATE TRIGGER ${CANARY} BEFORE INSERT ON ${CANARY} FOR EACH ROW EXECUTE FUNCTION audit_append_only();`,
  `CREATE EVENT TRIGGER ${CANARY} ON ddl_command_end EXECUTE FUNCTION audit_append_only();`,
  `CREATE RULE ${CANARY} AS ON INSERT TO users DO ALSO SELECT 1;`,
  `CREATE POLICY ${CANARY} ON users USING (false);`,
  `CREATE EXTENSION dblink;`,
  `CREATE LANGUAGE plpython3u;`,
  `CREATE SERVER ${CANARY} FOREIGN DATA WRAPPER postgres_fdw;`,
  `CREATE FOREIGN TABLE ${CANARY} (a int) SERVER x;`,
  `CREATE TABLESPACE ${CANARY} LOCATION '/tmp';`,
  `CREATE PUBLICATION ${CANARY} FOR ALL TABLES;`,
  `CREATE SUBSCRIPTION ${CANARY} CONNECTION 'host=x' PUBLICATION y;`,
  `CREATE CAST (text AS int) WITH INOUT AS IMPLICIT;`,
  `CREATE OPERATOR = (LEFTARG = text, RIGHTARG = int, FUNCTION = f);`,
  `CREATE AGGREGATE ${CANARY} (int) (SFUNC = int4pl, STYPE = int);`,
  `CREATE COLLATION ${CANARY} FROM "C";`,
  `CREATE DOMAIN ${CANARY} AS int;`,
  `CREATE TYPE ${CANARY} AS ENUM ('a');`,
  `CREATE INDEX ${CANARY} ON ${CANARY} (a);`,
  `CREATE STATISTICS ${CANARY} ON user_id, name FROM users;`,
  `CREATE SCHEMA ${CANARY} CREATE TABLE t (a int);`,
  `DROP TABLE users CASCADE;`,
  `DROP SCHEMA public CASCADE;`,
  `DROP OWNED BY CURRENT_USER;`,
  `TRUNCATE users CASCADE;`,
  `DELETE FROM users;`,
  `UPDATE users SET total_capital = 1;`,
  `INSERT INTO users (user_id) VALUES ('x');`,
  `MERGE INTO users USING users u ON true WHEN MATCHED THEN DELETE;`,
  `ALTER SYSTEM SET archive_command = 'touch ${join(folder, CANARY)}';`,
  `ALTER DATABASE postgres SET search_path = x;`,
  `ALTER ROLE postgres PASSWORD 'x';`,
  `ALTER TABLE ${CANARY} ADD a int;`,
  `ALTER LARGE OBJECT 1 OWNER TO postgres;`,
  `COMMENT ON LARGE OBJECT 1 IS 'x';`,
  `COMMENT ON LARGE OBJECT 1 IS E'note\\n\\\\x\\nCOPY public.users (user_id) FROM stdin;\\n';`,
  `COMMENT ON DATABASE postgres IS 'x';`,
  `COMMENT ON TABLE ${CANARY} IS 'x';`,
  `SECURITY LABEL ON TABLE users IS 'x';`,
  `GRANT pg_execute_server_program TO PUBLIC;`,
  `GRANT ALL ON DATABASE postgres TO PUBLIC;`,
  `GRANT SELECT ON TABLE ${CANARY} TO PUBLIC;`,
  `REVOKE ALL ON TABLE ${CANARY} FROM postgres;`,
  `SET ROLE postgres;`,
  `SET SESSION AUTHORIZATION postgres;`,
  `SET session_replication_role = replica;`,
  `SET search_path = x;`,
  `SET row_security = off; SELECT 1;`,
  `RESET ALL;`,
  `DISCARD ALL;`,
  `DO $$ BEGIN EXECUTE 'COPY (SELECT 1) ${program(folder).replaceAll("'", "''")}'; END $$;`,
  `DO $x$ BEGIN CREATE ROLE ${CANARY}; END $x$;`,
  `CALL ${CANARY}();`,
  `SELECT lo_import('/etc/passwd');`,
  `SELECT pg_catalog.lo_create('1');`,
  `SELECT pg_terminate_backend(pg_backend_pid());`,
  `SELECT pg_catalog.set_config('search_path', 'x', false);`,
  `SELECT pg_catalog.setval('public.audit_log_id_seq', 1, true), pg_read_file('/etc/passwd');`,
  `SELECT pg_catalog.setval('public.x'||pg_sleep(9), 1, true);`,
  `WITH x AS (DELETE FROM users RETURNING 1) SELECT * FROM x;`,
  `VALUES (1);`,
  `TABLE users;`,
  `EXPLAIN ANALYZE DELETE FROM users;`,
  `PREPARE x AS SELECT 1; EXECUTE x;`,
  `DECLARE c CURSOR FOR SELECT 1;`,
  `LISTEN x; NOTIFY x;`,
  `LOCK TABLE users;`,
  `VACUUM; ANALYZE; CHECKPOINT;`,
  `CLUSTER users; REINDEX TABLE users;`,
  `REFRESH MATERIALIZED VIEW x;`,
  `IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z;`,
  `LOAD '/tmp/x.so';`,
  `BEGIN; COMMIT; ROLLBACK;`,
  `SAVEPOINT x; RELEASE x;`,
  `PREPARE TRANSACTION 'x';`,
  `no SQL at all`,
];

/** Where a statement is put in a dump of format 1: before the rows, between two tables, behind them. */
const PLACES = ['first', 'between', 'last'] as const;

/** An archive of format 1 with the same rows, as the embedded engine wrote it; `added` is SQL that somebody put there. */
export function oldArchive({ header, data, trailer }: Parts, added = '', place: string = 'first'): Parts {
  const scripts = sqlScripts();
  const copies = header.tables.map(({ table, columns }: { table: string; columns: string[] }) => {
    const { rows } = rowsOf({ header, data, trailer }, table);
    return `COPY ${table} (${columns.join(', ')}) FROM stdin;\n${rows}\\.\n`;
  });
  const at = (where: string) => (place === where ? `${added}\n` : '');
  const [users, ...others] = copies;
  const text = [
    ...[...scripts, at('first'), users, at('between'), ...others],
    `SELECT setval(pg_get_serial_sequence('audit_log', 'id'), 99, true);\n${at('last')}`,
  ].join('\n');
  const { created_at, database, kind, server, pinnacle, phase, cluster, next_txid, key_ids } = header;
  return {
    header: {
      pinnacle_backup: 1,
      ...{ created_at, database, kind, server, pinnacle, phase },
      scripts: header.scripts.map(({ name, sha256 }: { name: string; sha256: string }) => ({
        ...{ phase: 1, name, up_sha256: sha256, down_sha256: sha256 },
      })),
      ...{ cluster, next_txid, key_ids, encryption: null },
    },
    data: Buffer.from(text),
    trailer: {
      rows: Object.fromEntries(
        header.tables.map(({ table }: { table: string }, i: number) => [table, trailer.tables[i].rows]),
      ),
    },
  };
}

function sqlScripts(): string[] {
  const files = readdirSync('migrations', { recursive: true }).map(String);
  return files
    .filter((file) => file.endsWith('up.sql'))
    .sort()
    .map((file) => readFileSync(join('migrations', file), 'utf8'));
}

const HOSTILE = [
  'users; DROP TABLE users',
  `users" TO PROGRAM 'touch x' --`,
  'pg_catalog.pg_authid',
  'pg_authid',
  '../../etc/passwd',
  'orders_history',
  '',
  '__proto__',
  'toString',
  '\u0000',
];

/** Each field of the first line with a value that no backup has. */
const HEADER: readonly [field: string, value: unknown, harmless?: true][] = [
  ['pinnacle_backup', 3],
  ['pinnacle_backup', '2'],
  ['created_at', "'; DROP TABLE users; --"],
  ['created_at', 5],
  ['database', 5],
  ['database', '../../../tmp/x', true],
  ['database', "x'; DROP TABLE users; --", true],
  ['database', 'x'.repeat(1_000)],
  ['kind', 'other'],
  ['kind', 'embedded', true],
  ['server', { a: 1 }],
  ['server', "18'; --", true],
  ['pinnacle', null],
  ['phase', 3],
  ['phase', 5],
  ['phase', -1],
  ['phase', '4'],
  ['phase', 1e300],
  ['scripts', []],
  ['scripts', {}],
  ['scripts', [{ name: 'x', sha256: 'a'.repeat(64) }]],
  ['scripts', [{ name: 'x', sha256: 'a'.repeat(64), sql: 'DROP TABLE users' }]],
  ['tables', []],
  ['tables', null],
  ['sequences', [{ table: 'audit_log', column: 'id', last_value: '1', is_called: false }]],
  ['sequences', [{ table: 'audit_log', column: 'id', last_value: '9'.repeat(19), is_called: true }]],
  ['sequences', [{ table: 'audit_log', column: 'id', last_value: '-1', is_called: true }]],
  [
    'sequences',
    [{ table: 'audit_log', column: "id'); DROP TABLE users; --", last_value: '1', is_called: true }],
  ],
  ['sequences', [{ table: 'pg_class', column: 'oid', last_value: '1', is_called: true }]],
  ['sequences', 'all'],
  ['partitions', [{ from: '2026-01', to: '2025-01' }]],
  ['partitions', [{ from: '2026-01', to: '2026-01' }]],
  ['partitions', [{ from: "2026-01') TO ('x'); --", to: '2026-02' }]],
  [
    'partitions',
    [
      { from: '2026-01', to: '2026-02' },
      { from: '2026-03', to: '2026-04' },
    ],
  ],
  ['partitions', []],
  ['partitions', {}],
  ['access', { owned: true, rights: ['pinnacle_readonly users SELECT api_key'] }],
  ['access', { owned: true, rights: ['pg_monitor users SELECT '] }],
  ['access', { owned: true, rights: ['PUBLIC users; DROP TABLE users SELECT '] }],
  ['access', { owned: 'postgres', rights: [] }],
  ['access', { owned: true, rights: [], superuser: true }],
  ['access', null],
  ['cluster', '1; DROP TABLE users'],
  ['cluster', -1],
  ['next_txid', '9'.repeat(19)],
  ['next_txid', '1 LOOP END LOOP; DROP TABLE users; --'],
  ['next_txid', 1e18],
  ['key_ids', ['../../etc/passwd']],
  ['key_ids', 'all'],
  ['encrypted', 'no'],
  ['encrypted', true],
  ['key', { key_id: 'aaaaaaaa', salt: 'zz' }],
  ['key', { key_id: 'aaaaaaaa' }],
  ['key', 'none'],
  ['sql', 'DROP TABLE users'],
  ['path', '../../etc/cron.d/x'],
];

const TRAILER: readonly [field: string, value: unknown, harmless?: true][] = [
  ['tables', []],
  ['tables', null],
  ['faults', 'none'],
  ['faults', [{ check: 'ledger', name: "x'; DROP TABLE users; --", total: 1 }], true],
  ['faults', [{ check: 'other', name: 'x', total: 1 }]],
  ['faults', [{ check: 'ledger', name: 'x', total: -1 }]],
  ['mark', 'zz'],
  ['mark', 5],
  ['sql', 'DROP TABLE users'],
];

type Told = { rows: number; bytes: number };

/** The count of the first table with rows, altered. */
const COUNTS: readonly [what: string, alter: (told: Told) => unknown][] = [
  ['a row more', ({ rows, bytes }) => ({ rows: rows + 1, bytes })],
  ['a row less', ({ rows, bytes }) => ({ rows: rows - 1, bytes })],
  ['a byte more', ({ rows, bytes }) => ({ rows, bytes: bytes + 1 })],
  ['a byte less', ({ rows, bytes }) => ({ rows, bytes: bytes - 1 })],
  ['no byte', ({ rows }) => ({ rows, bytes: 0 })],
  ['negative bytes', ({ rows, bytes }) => ({ rows, bytes: -bytes })],
  ['bytes of a terabyte', ({ rows }) => ({ rows, bytes: 2 ** 40 })],
  ['half a row', ({ bytes }) => ({ rows: 0.5, bytes })],
  ['a row as text', ({ bytes }) => ({ rows: '1', bytes })],
];

/** The rows of a table, altered. */
const ROWS: readonly [table: string, what: string, alter: (rows: string) => string, harmless?: true][] = [
  ['users', 'a value more', (rows) => rows.replace('\n', '\tx\n')],
  ['users', 'a value less', (rows) => rows.replace(/\t[^\t]*\n/, '\n')],
  ['users', 'the end of COPY', (rows) => `\\.\n${rows}`],
  ['users', 'the end of COPY and SQL', (rows) => `\\.\nDROP TABLE users;\n${rows}`],
  ['users', 'a row twice', (rows) => rows + rows],
  [
    'users',
    'NULL where a default is',
    (rows) => rows.replace(/\t[^\t]*\n/, '\t\\N\n').replace(/\tt\t/, '\t\\N\t'),
  ],
  [
    'users',
    'SQL as a name',
    (rows) => rows.replace('\t', "\t'; DROP TABLE users; --").replace(/--[^\t]*/, '--'),
    true,
  ],
  [
    'users',
    'a program as a name',
    (rows) => rows.replace(/\t[^\t]*/, '\t$(touch x) `touch x` | touch x'),
    true,
  ],
  ['users', 'no end of a line', (rows) => rows.slice(0, -1)],
  ['users', 'bytes that are no text', (rows) => rows.replace(/\t[^\t]*/, '\t\\xff')],
  ['users', 'NUL in a name', (rows) => rows.replace(/\t[^\t]*/, '\t\u0000')],
  ['users', 'capital that is no number', (rows) => rows.replace(/\t\d+\.\d\d\t/, '\tmuch\t')],
  ['users', 'capital that is NaN', (rows) => rows.replace(/\t\d+\.\d\d\t/, '\tNaN\t')],
  ['users', 'nothing', () => ''],
  ['orders', 'an order of nobody', (rows) => rows.replaceAll('\tu1\t', '\tu9\t')],
  ['orders', 'a side of neither', (rows) => rows.replace('\tBUY\t', '\tBOTH\t')],
  ['orders', 'a negative quantity', (rows) => rows.replace('\tLIMIT\t10\t', '\tLIMIT\t-10\t')],
  ['orders', 'CSV', (rows) => rows.replaceAll('\t', ',')],
  ['order_fills', 'a fill of no order', (rows) => rows.replace('\to1\t', '\to9\t')],
  ['order_fills', 'a fill twice', (rows) => rows + rows],
  ['audit_log', 'a transaction of no number', (rows) => rows.replace(/\t\d+\t/, '\tx\t')],
  ['pinnacle_migrations', 'no history', () => ''],
  ['pinnacle_migrations', 'another script', (rows) => rows.replace(/[0-9a-f]{64}/, 'a'.repeat(64))],
  ['pinnacle_migrations', 'a phase 9', (rows) => `${rows}${rows.split('\n')[0]?.replace(/^\d/, '9')}\n`],
];

/** Every forgery; those of the key are apart. */
export function forgeries(folder: string): Forgery[] {
  const statementsAt = statements(folder).map((sql, i): Forgery => {
    const place = PLACES[i % PLACES.length] ?? 'first';
    return { what: `format 1, ${place}: ${sql.slice(0, 60)}`, parts: (good) => oldArchive(good, sql, place) };
  });
  const named = HOSTILE.flatMap((name): Forgery[] => [
    { what: `a table ${JSON.stringify(name)}`, parts: (good) => renamed(good, { table: name }) },
    { what: `a column ${JSON.stringify(name)}`, parts: (good) => renamed(good, { column: name }) },
  ]);
  const header = HEADER.map(([field, value, harmless]): Forgery => {
    return {
      what: `first line, ${field}: ${JSON.stringify(value)?.slice(0, 60)}`,
      parts: (good) => ({ ...good, header: { ...good.header, [field]: value } }),
      ...(harmless ? { harmless } : {}),
    };
  });
  const trailer = TRAILER.map(([field, value, harmless]): Forgery => {
    return {
      what: `last line, ${field}: ${JSON.stringify(value)?.slice(0, 60)}`,
      parts: (good) => ({ ...good, trailer: { ...good.trailer, [field]: value } }),
      ...(harmless ? { harmless } : {}),
    };
  });
  const counts = COUNTS.map(
    ([what, alter]): Forgery => ({ what: `counts: ${what}`, parts: (good) => recounted(good, alter) }),
  );
  const rows = ROWS.map(([table, what, alter, harmless]): Forgery => {
    return {
      what: `rows of ${table}: ${what}`,
      parts: (good) => withRows(good, table, alter(rowsOf(good, table).rows.toString())),
      ...(harmless ? { harmless } : {}),
    };
  });
  return [...statementsAt, ...named, ...header, ...trailer, ...counts, ...rows, ...containers(folder)];
}

const AT = 1;

function renamed(good: Parts, { table, column }: { table?: string; column?: string }): Parts {
  const tables = good.header.tables.map((each: { table: string; columns: string[] }, i: number) => {
    if (i !== AT) return each;
    return {
      table: table ?? each.table,
      columns: column === undefined ? each.columns : [column, ...each.columns.slice(1)],
    };
  });
  return { ...good, header: { ...good.header, tables } };
}

function recounted(good: Parts, alter: (told: Told) => unknown): Parts {
  const tables = good.trailer.tables.map((told: Told, i: number) => (i === AT ? alter(told) : told));
  return { ...good, trailer: { ...good.trailer, tables } };
}

/** Data that are no rows, or others, or too many. */
function containers(folder: string): Forgery[] {
  const same = (good: Parts) => good;
  return [
    { what: 'nothing compressed', parts: same, compressed: () => Buffer.alloc(0) },
    { what: 'rows that are not compressed', parts: same, compressed: ({ data }) => data },
    {
      what: 'SQL that is not compressed',
      parts: same,
      compressed: () => Buffer.from(statements(folder).join('\n')),
    },
    {
      what: 'SQL behind the rows',
      parts: (good) => ({ ...good, data: Buffer.concat([good.data, Buffer.from('DROP TABLE users;\n')]) }),
    },
    {
      what: 'SQL instead of the rows',
      parts: (good) => ({ ...good, data: Buffer.from(statements(folder).join('\n')) }),
    },
    {
      what: 'rows that never end',
      parts: same,
      compressed: ({ data }) => gzipSync(Buffer.concat([data, Buffer.alloc(64 * 1_048_576)])),
    },
    {
      what: 'half of the rows',
      parts: same,
      compressed: ({ data }) => gzipSync(data.subarray(0, data.length / 2)),
    },
    {
      what: 'half of what is compressed',
      parts: same,
      compressed: ({ data }) => gzipSync(data).subarray(0, 200),
    },
    {
      what: 'members that changed places',
      parts: same,
      compressed: ({ data }) =>
        Buffer.concat([
          gzipSync(data.subarray(data.length / 2)),
          gzipSync(data.subarray(0, data.length / 2)),
        ]),
    },
    {
      what: 'a member twice',
      parts: same,
      compressed: ({ data }) => Buffer.concat([gzipSync(data), gzipSync(data)]),
    },
    {
      what: 'tables that changed places',
      parts: (good) => ({ ...good, header: { ...good.header, tables: [...good.header.tables].reverse() } }),
    },
    { what: 'a table twice', parts: (good) => renamed(good, { table: 'orders' }) },
    {
      what: 'format 1 with a foreign table',
      parts: (good) => {
        const old = oldArchive(good, `COPY ${CANARY} (a) FROM stdin;\n1\n\\.`, 'last');
        return { ...old, trailer: { rows: { ...old.trailer.rows, [CANARY]: 1 } } };
      },
    },
    {
      what: 'format 1 with a foreign column',
      parts: (good) => {
        const old = oldArchive(good);
        return {
          ...old,
          data: Buffer.from(old.data.toString().replace('COPY users (user_id,', `COPY users (${CANARY},`)),
        };
      },
    },
    {
      what: 'format 1 with a table twice',
      parts: (good) => oldArchive(good, 'COPY users (user_id) FROM stdin;\n\\.', 'last'),
    },
    {
      what: 'format 1 that ends within a table',
      parts: (good) => oldArchive(good, 'COPY trading_halts (halt_id) FROM stdin;\nx', 'last'),
    },
    {
      what: 'format 1 with another script',
      parts: (good) => {
        const old = oldArchive(good);
        const scripts = old.header.scripts.map((each: object) => ({ ...each, up_sha256: 'a'.repeat(64) }));
        return { ...old, header: { ...old.header, scripts } };
      },
    },
  ];
}
