import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { type Ended, type Running, start } from '../../helpers/process.ts';
import { words } from '../../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-orders-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEADER =
  'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at,filled_quantity,filled_price';
const GOOD = 'o1,u,TCS,BUY,LIMIT,10,100.5,FILLED,2026-01-30T03:45:00.123456Z,10,100.25';

let files = 0;
function file(content: string | Buffer, name = `orders-${++files}.csv`): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}
const csv = (...lines: string[]) => file(`${[HEADER, ...lines].join('\n')}\n`);
/** The good line with other values. */
function but(changes: Record<string, string>): string {
  const values = GOOD.split(',').map((value, i) => changes[HEADER.split(',')[i] as string] ?? value);
  return values.join(',');
}

describe.each(databases)('order import --as orders on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
    await given.user(db, 'v');
  });
  afterAll(() => db?.close());
  beforeEach(() => db.query('DELETE FROM orders'));
  afterEach(async () => {
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
  });

  const load = (path: string, ...more: string[]) =>
    db.cli('order', 'import', path, '--as', 'orders', ...more);

  it.each(['csv', 'ndjson'])('takes what order export wrote as %s, compressed or not', async (format) => {
    const rows = `SELECT * FROM orders ORDER BY order_id`;
    await db.query(
      `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity,
         filled_price, status, broker_order_id, error_message, retry_count, created_at, updated_at, imported)
       VALUES ('a', 'u', NULL, 'M&M', 'SELL', 'MARKET', 1, 0, 0, 0, 'REJECTED', 'B 1', 'he said "no", twice', 2, '2026-01-30 03:45:00.123456', '2026-01-30 03:45:01', true),
         ('b', 'v', 'rsi', 'TCS', 'BUY', 'STOP_LOSS', 2147483647, 0.1, 2147483647, 0.05, 'FILLED', '', 'naïve ₹', 0, '2024-02-29 00:00:00', '2026-01-30 03:45:01', true)`,
    );
    const before = (await db.query(rows)).rows;
    for (const gzip of [[], ['--gzip']]) {
      const path = join(folder, `export-${++files}`);
      expect(await db.cli('order', 'export', '--format', format, '--output', path, ...gzip)).toMatchObject({
        code: 0,
      });
      await db.query('DELETE FROM orders');
      expect(await load(path, '--json')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('"imported":2'),
      });
      expect((await db.query(rows)).rows).toEqual(before);
    }
  });

  it('takes columns in any order, what is left out as the table would, times with an offset, and stdin', async () => {
    const stdin = `\ufeffStatus,order_id,note,user_id,symbol,side,order_type,quantity,price,created_at\r\n\r\n
pending,x1,"a, b",u,tcs,buy,limit,5,100,2026-01-30 09:15:00.5+05:30\r\n`;
    const { code, stdout, stderr } = await db.cliWith(
      { stdin },
      ...words('order import - --as orders --json'),
    );
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Columns left out: note'),
    });
    expect(JSON.parse(stdout)).toMatchObject({ imported: 1, rejected: 0, rejects_file: null });
    expect((await db.query('SELECT * FROM orders')).rows).toMatchObject([
      {
        order_id: 'x1',
        symbol: 'TCS',
        side: 'BUY',
        status: 'PENDING',
        filled_quantity: 0,
        strategy_id: null,
        imported: true,
      },
    ]);
    expect(await db.json('order', 'show', 'x1')).toMatchObject({
      created_at: '2026-01-30T03:45:00.500000Z',
      updated_at: '2026-01-30T03:45:00.500000Z',
    });
  });
});

const TIMES = `${HEADER},updated_at`;
const timed = (created: string, updated: string) => `${but({ created_at: created })},${updated}`;

describe.each(databases)('the times of an order in a file on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db?.close());
  beforeEach(() => db.query('DELETE FROM orders'));

  const load = (...lines: string[]) =>
    db.cli('order', 'import', file(`${[TIMES, ...lines].join('\n')}\n`), '--as', 'orders');

  it.each([
    ['2026-01-30T10:00:00.50Z', '2026-01-30T10:00:00.5Z'],
    ['2026-01-30 15:30:00.500', '2026-01-30T10:00:00.5Z'],
    ['2026-01-30T10:00:00.000000Z', '2026-01-30T10:00:00Z'],
    ['2026-01-30T15:30:00.5+05:30', '2026-01-30T10:00:00.500000Z'],
  ])('are compared as times: created at %s, updated at %s', async (created, updated) => {
    expect(await load(timed(created, updated))).toMatchObject({ code: 0 });
    const { created_at, updated_at } = await db.json('order', 'show', 'o1');
    expect(updated_at).toBe(created_at);
  });

  it('may be of this very second, without a fraction', async () => {
    const now = new Date('2026-01-30T10:00:00.999Z');
    const second = '2026-01-30T10:00:00Z';
    const path = file(`${[TIMES, timed(second, second)].join('\n')}\n`);
    const { code } = await db.cliWith({ now }, 'order', 'import', path, '--as', 'orders');
    expect(code).toBe(0);
  });

  it('of the last change are those of the creation where they are absent or empty', async () => {
    const path = file(
      `{"order_id":"o1","user_id":"u","symbol":"TCS","side":"BUY","order_type":"LIMIT","quantity":1,"price":1,"status":"PENDING","created_at":"2026-01-30T10:00:00Z"}`,
      'created.ndjson',
    );
    for (const load of [
      () => db.cli('order', 'import', path, '--as', 'orders'),
      () =>
        db.cli('order', 'import', file(`${TIMES}\n${timed('2026-01-30 15:30:00', '')}\n`), '--as', 'orders'),
    ]) {
      await db.query('DELETE FROM orders');
      expect(await load()).toMatchObject({ code: 0 });
      const { created_at, updated_at } = await db.json('order', 'show', 'o1');
      expect([created_at, updated_at]).toEqual(Array(2).fill('2026-01-30T10:00:00.000000Z'));
    }
  });

  it('go forward', async () => {
    const { code, stderr } = await load(timed('2026-01-30T10:00:00.50Z', '2026-01-30T10:00:00.499999Z'));
    expect([code, stderr.includes('updated_at is before created_at')]).toEqual([2, true]);
  });
});

describe.each(databases)('the rules of order import --as orders on $name', ({ name, open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
    await given.user(db, 'v');
  });
  afterAll(() => db?.close());
  beforeEach(() => db.query('DELETE FROM orders'));
  afterEach(async () => {
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
  });

  const load = (path: string, ...more: string[]) =>
    db.cli('order', 'import', path, '--as', 'orders', ...more);
  const ids = async () =>
    (await db.query('SELECT order_id FROM orders ORDER BY order_id')).rows.map(({ order_id }) => order_id);

  const BAD: [string, string][] = [
    [but({ order_id: 'o 1' }), 'order_id must be an id'],
    [but({ order_id: `o${'1'.repeat(50)}` }), 'order_id must be an id'],
    [but({ user_id: 'nobody' }), 'there is no user nobody'],
    [but({ symbol: 'Т' }), 'symbol must be'],
    [but({ side: 'HOLD' }), 'side must be one of BUY, SELL'],
    [but({ order_type: '' }), 'order_type must be one of'],
    [but({ quantity: '0' }), 'quantity must be a whole number of shares from 1'],
    [but({ quantity: '2147483648' }), 'quantity must be'],
    [but({ quantity: '1_000' }), 'quantity must be'],
    [but({ quantity: '0x10' }), 'quantity must be'],
    [but({ quantity: '10.5' }), 'quantity must be'],
    [but({ price: 'NaN' }), 'price must be a number of rupees'],
    [but({ price: 'Infinity' }), 'price must be'],
    [but({ price: '1e400' }), 'price must be'],
    [but({ price: '-0' }), 'price must be'],
    [but({ price: '1000000000.01' }), 'price must be'],
    [but({ price: '' }), 'price must be'],
    [but({ created_at: '2026-02-30T03:45:00Z' }), 'created_at must be a time'],
    [but({ created_at: '2026-01-30T24:00:00Z' }), 'created_at must be a time'],
    [but({ created_at: '0044-03-15T12:00:00Z' }), 'created_at must be a time'],
    [but({ created_at: '30/01/2026' }), 'created_at is a date in one order or the other'],
    [but({ created_at: '2999-01-30T03:45:00Z' }), 'in the future'],
    [but({ status: 'PENDING' }), 'an order of 10 with 10 filled cannot be PENDING'],
    [but({ filled_quantity: '9' }), 'cannot be FILLED'],
    [but({ filled_price: '0' }), 'filled_price must be there'],
    [`${GOOD},more`, 'has 12 fields, not 11'],
    ['o1,u', 'has 2 fields'],
    ['\\.', 'has 1 fields'],
    [but({ order_id: 'o\u0000' }), 'order_id must be an id'],
    [but({ symbol: '"TCS' }), 'a quote is out of place'],
  ];

  it('names every line that is bad, and lets the rest in with --keep-going', async () => {
    const lines = BAD.flatMap(([line], i) => [line, but({ order_id: `good-${i}` })]);
    const path = csv(...lines);
    const refused = await load(path);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`${BAD.length} lines cannot be taken; nothing was imported.`);
    expect(refused.stderr).toContain('line 2: order_id must be an id');
    expect(refused.stderr).toContain('and 20 lines more');
    expect(await ids()).toEqual([]);

    const kept = await load(path, '--keep-going', '--json');
    expect({ code: kept.code, ...JSON.parse(kept.stdout) }).toMatchObject({
      code: 6,
      imported: BAD.length,
      rejected: BAD.length,
    });
    const rejects = readFileSync(`${path}.rejects.csv`, 'utf8').trim().split('\n').slice(1);
    expect(rejects).toHaveLength(BAD.length);
    BAD.forEach(([, reason], i) => {
      expect(rejects[i]).toMatch(new RegExp(`^${2 * i + 2},`));
      expect(rejects[i]).toContain(reason);
    });
    expect(await ids()).toHaveLength(BAD.length);
  });

  it('names both lines of an id that comes twice, and ids that are taken', async () => {
    expect(await load(csv(GOOD))).toMatchObject({ code: 0 });
    const path = csv(but({ order_id: 'o2' }), GOOD, but({ order_id: 'o0' }), but({ order_id: 'o2' }));
    const { code, stderr } = await load(path);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 3: order_id o1 is taken'),
    });
    expect(stderr).toContain('line 5: order_id o2 is that of line 2');
    expect(await ids()).toEqual(['o1']);
  });

  it.each([
    ['', 'is empty'],
    ['\n\n', 'is empty'],
    ['order_id,user_id\n', 'has no column symbol, side'],
    [`${HEADER},order_id\n`, 'has the column order_id twice'],
    [`"${HEADER}\n`, 'a quote in the first line is out of place'],
    [Buffer.from([0xff, 0xfe, 0x41, 0x0a]), 'is not UTF-8'],
    [gzipSync(`${HEADER}\n${GOOD}\n`).subarray(0, 60), 'damaged or cut off'],
    [`${HEADER}\n${'x'.repeat(2_000_000)}`, 'line 2 is too long'],
  ])('says what is wrong with a file as a whole (%#)', async (content, complaint) => {
    const { code, stderr } = await load(file(content));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(complaint) });
  });

  it('reads line ends within quotes, and goes on behind what is not text', async () => {
    const header = `${HEADER},error_message`;
    const path = file(
      Buffer.concat([
        Buffer.from(
          `${header}\n${but({ order_id: 'q1' })},"a ""b"" c"\n${but({ order_id: 'q2' })},"two\nlines"\n`,
        ),
        Buffer.from([0x71, 0xff, 0x0a]),
        Buffer.from(`${but({ order_id: 'q3' })},"open\n${but({ order_id: 'q4' })},`),
      ]),
    );
    const { code, stdout } = await load(path, '--keep-going', '--json');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 6, imported: 2, rejected: 3 });
    expect(await ids()).toEqual(['q1', 'q4']);
    expect(readFileSync(`${path}.rejects.csv`, 'utf8')).toBe(`line,reason
3,"error_message must be at most 10000 characters, none of them a control character, not ""two\\u{a}lines"""
5,is not UTF-8; Latin-1 is converted by iconv -f WINDOWS-1252 -t UTF-8
6,a quote is out of place
`);
  });

  it('is gone on with: an imported order is filled and cancelled, and every total stays right', async () => {
    await given.strategy(db, 'mean');
    await db.json(...words('strategy activate mean --user u --allocation 1000'));
    await db.json(...words('session start --user u'));
    const part = { status: 'PARTIALLY_FILLED', filled_quantity: '4' };
    const header = `${HEADER},strategy_id`;
    const path = file(
      [
        header,
        `${but({ order_id: 'w1', ...part })},mean`,
        `${but({ order_id: 'w2', ...part })},mean`,
        `${but({ order_id: 'w3' })},mean`,
      ].join('\n'),
    );
    expect(await load(path)).toMatchObject({ code: 0 });
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
    await db.json(...words('order fill w1 --quantity 6 --price 101'));
    await db.json(...words('order cancel w2'));
    expect(await db.json(...words('order show w1'))).toMatchObject({ status: 'FILLED', filled_quantity: 10 });
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
    await db.json(...words('session end --user u'));
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
    await db.query('DELETE FROM order_fills');
    await db.query('DELETE FROM positions');
    await db.query('UPDATE user_strategies SET successful_orders = 0');
    await db.query('UPDATE trading_sessions SET successful_orders = 0');
  });

  it('is one change with one entry in the audit log', async () => {
    await load(csv(GOOD, but({ order_id: 'o2' })));
    const [entry] = await db.json<{ command: string; body: object }[]>(
      ...words('audit list --target orders'),
    );
    expect(entry).toMatchObject({ command: 'order import', body: { imported: 2, rejected: 0 } });
    expect(JSON.stringify(entry)).not.toContain(folder);
  });

  it('refuses what belongs to the other kind', async () => {
    expect((await load(csv(GOOD), '--user', 'u')).code).toBe(2);
    expect((await db.cli('order', 'import', csv(GOOD), '--as', 'trades')).code).toBe(2);
    if (name === 'embedded') expect(await load(csv(GOOD), '--fast')).toMatchObject({ code: 5 });
  });
});

describe.each(servers)('order import --as orders on a server', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db?.close());
  beforeEach(() => db.query('DELETE FROM orders'));

  const load = (path: string, ...more: string[]) =>
    db.cli('order', 'import', path, '--as', 'orders', ...more);
  const orders = async () => (await db.query('SELECT count(*)::int AS n FROM orders')).rows[0]?.['n'];

  it('never passes on what the table would refuse, whatever stands in the file', async () => {
    const column = (i: number) =>
      fc.oneof(
        { weight: 6, arbitrary: fc.constant(GOOD.split(',')[i] as string) },
        fc.constantFrom(
          '',
          ' ',
          '0',
          '-1',
          '1e5',
          '1E-5',
          '00012',
          'NULL',
          '\\N',
          '\\.',
          "'",
          '+1',
          '1.',
          '.5',
          '٣',
        ),
        fc.constantFrom(
          '2026-01-30 03:45:00',
          '2026-01-30T03:45:00+14:00',
          '2026-01-30T03:45:60Z',
          '1970-01-01T00:00:00Z',
        ),
        fc.constantFrom(
          '9999999999',
          '2147483647',
          '999999999999',
          '1e12',
          '1e-320',
          `1.${'0'.repeat(20)}`,
          '1e-999',
        ),
        fc.string({ unit: 'grapheme', maxLength: 12 }),
      );
    const line = fc
      .tuple(...HEADER.split(',').map((_column, i) => column(i)))
      .map((values) =>
        values
          .map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
          .join(','),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 20, maxLength: 60 }), async (lines) => {
        const path = csv(...lines.map((text, i) => text.replace(/^o1,/, `o${i},`)));
        const { code, stderr } = await load(path, '--keep-going');
        expect({
          code: [0, 6].includes(code) ? 0 : code,
          stderr: stderr.includes('ERROR') ? stderr : '',
        }).toEqual({ code: 0, stderr: '' });
        await db.query('DELETE FROM orders');
      }),
      { numRuns: 25 },
    );
  });

  it('loads an empty table without its indexes when asked to, and leaves it as it was', async () => {
    const many = csv(...Array.from({ length: 3_000 }, (_, i) => but({ order_id: `f${i}` })));
    expect(await load(many, '--fast', '--json')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"imported":3000'),
    });
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0 });
    expect(await db.cli('doctor', 'ledger')).toMatchObject({ code: 0 });
    expect(await load(csv(GOOD), '--fast')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('There are orders already'),
    });
    await db.query('DELETE FROM orders');
    expect(await load(csv(but({ side: 'X' })), '--fast')).toMatchObject({ code: 2 });
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0 });
  });

  const COPYING = "FROM pg_stat_activity WHERE query LIKE 'COPY orders%' AND state = 'active'";

  /** Cuts an import while it copies; one that was over before it was cut is taken back and tried again. */
  async function cutOff(file: string, cut: (child: Running['child']) => unknown): Promise<Ended> {
    const { child, ended } = start(db.env, 'order', 'import', file, '--as', 'orders');
    while (child.exitCode === null && (await db.query(`SELECT ${COPYING}`)).rows.length === 0) await sleep(5);
    await cut(child);
    const how = await ended;
    if (how.code !== 0) return how;
    await db.query('DELETE FROM orders');
    return cutOff(file, cut);
  }

  it('killed on its way leaves the table as it was', async () => {
    const many = csv(...Array.from({ length: 60_000 }, (_, i) => but({ order_id: `k${i}` })));
    expect((await cutOff(many, (child) => child.kill('SIGKILL'))).code).toBeNull();
    while ((await db.query(`SELECT ${COPYING}`)).rows.length > 0) await sleep(20);
    expect(await orders()).toBe(0);
    expect(await load(many)).toMatchObject({ code: 0 });
    expect(await orders()).toBe(60_000);
  });

  it('interrupted, or cut off from the server, ends in good order', async () => {
    const many = csv(...Array.from({ length: 60_000 }, (_, i) => but({ order_id: `k${i}` })));
    const breaks: [number, (child: Running['child']) => unknown][] = [
      [130, (child) => child.kill('SIGINT')],
      [7, () => db.query(`SELECT pg_terminate_backend(pid) ${COPYING}`)],
    ];
    for (const [code, cut] of breaks) {
      expect(await cutOff(many, cut)).toMatchObject({ code, stdout: '' });
      expect(await orders()).toBe(0);
    }
  });

  it('says which id somebody else added meanwhile, and imports nothing', async () => {
    await db.query('BEGIN');
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       VALUES ('o1', 'u', 'TCS', 'BUY', 'LIMIT', 1, 1)`,
    );
    const loading = load(csv(but({ order_id: 'o0' }), GOOD));
    await sleep(500);
    await db.query('COMMIT');
    const { code, stderr } = await loading;
    expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('o1') });
    expect(await orders()).toBe(1);
  });
});
