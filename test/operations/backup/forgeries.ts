import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Parts, rowsOf, withRows } from './forge.ts';
import { CANARY, statements } from './hostile-statements.ts';

/** An archive as somebody may craft it, given a good one without a key; `harmless` if it holds but odd values. */
export interface Forgery {
  what: string;
  parts: (good: Parts) => Parts;
  /** What stands where the rows should, compressed. */
  compressed?: (good: Parts) => Buffer;
  harmless?: true;
}

/** Where a statement is put in a dump of format 1: before the rows, between two tables, behind them. */
const PLACES = ['first', 'between', 'last'] as const;

/**
 * An archive of format 1 with the same rows, as the embedded engine wrote it when every phase was a single script, which
 * `good` must be of; `added` is SQL that somebody put there.
 */
export function oldArchive({ header, data, trailer }: Parts, added = '', place: string = 'first'): Parts {
  const scripts = firstScripts();
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

function firstScripts(): string[] {
  const files = readdirSync('migrations', { recursive: true }).map(String);
  return files
    .filter((file) => /^\d_\w+\/01_\w+\/up\.sql$/.test(file))
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
  ['access', { owned: true, rights: ['pinnacle_readonly users SELECT api_key'] }, true],
  ['access', { owned: true, rights: ['pg_monitor users SELECT '] }, true],
  ['access', { owned: true, rights: ['PUBLIC users; DROP TABLE users SELECT '] }, true],
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

/** A book at phase 2, whose fills have a column that only phase 3 adds. */
function ofPhaseTwo({ header, data, trailer }: Parts): Parts {
  const until = header.tables.findIndex(({ table }: { table: string }) => table === 'order_fills') + 1;
  const { end } = rowsOf({ header, data, trailer }, 'order_fills');
  const parts = {
    header: {
      ...header,
      phase: 2,
      scripts: header.scripts.slice(0, 2),
      tables: header.tables.slice(0, until),
    },
    data: data.subarray(0, end),
    trailer: { ...trailer, tables: trailer.tables.slice(0, until) },
  };
  const history = rowsOf(parts, 'pinnacle_migrations').rows.toString().split('\n').slice(0, 2);
  return withRows(parts, 'pinnacle_migrations', `${history.join('\n')}\n`);
}

/** Data that are no rows, or others, or too many. */
function containers(folder: string): Forgery[] {
  const same = (good: Parts) => good;
  return [
    { what: 'a column of a later phase', parts: ofPhaseTwo },
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
