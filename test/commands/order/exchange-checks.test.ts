import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

const scrip = (symbol: string, exch_seg: string, lotsize: string, tick_size: string) => ({
  ...{ symbol, exch_seg, lotsize, tick_size, token: String(symbol.length), name: 'X', strike: '-1' },
  ...{ expiry: exch_seg === 'NFO' ? '30DEC2099' : '', freeze_qty: exch_seg === 'NFO' ? '1800' : '-1' },
  instrumenttype: exch_seg === 'NFO' ? 'FUTIDX' : '',
});
const file = (name: string, content: string) => {
  const path = join(tmpdir(), `${randomUUID()}-${name}`);
  writeFileSync(path, content);
  return path;
};
const MASTER = [scrip('SBIN-EQ', 'NSE', '1', '10.0'), scrip('NIFTY30DEC99FUT', 'NFO', '75', '5.0')];
const HEADER =
  'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at,product,exchange,trigger_price';
const row = (id: string, ...rest: string[]) => `${id},u,${rest.join(',')}`;
const AT = '2026-01-30T03:45:00Z';
const csv = (...lines: string[]) => file('orders.csv', `${[HEADER, ...lines].join('\n')}\n`);

describe.each(databases)('what the exchange would not take, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
    await db.json('instrument', 'import', file('master.json', JSON.stringify(MASTER)));
  });
  afterAll(() => db?.close());

  const under = (checks: string, line: string) =>
    db.cliWith({ env: { PINNACLE_ORDER_CHECKS: checks } }, ...words(line));
  const refuses = (line: string, stderr: string) =>
    db.refused(
      line,
      { code: 5, error: 'ORDER_UNTRADABLE', stderr },
      { env: { PINNACLE_ORDER_CHECKS: 'refuse' } },
    );
  const place = (id: string, rest: string) => under('off', `order place --order-id ${id} --user u ${rest}`);

  it('is not retried', async () => {
    await place('r', '--symbol SBIN --side BUY --quantity 1 --type LIMIT --price 800.05');
    await db.json(...words('order reject r --reason tick'));
    await refuses('order retry r', 'steps of 0.1');
    expect(await under('warn', 'order retry r')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('steps of 0.1 rupees: 800 or 800.1, not 800.05.'),
    });
  });

  it('is found in a trigger that an amendment leaves as it is', async () => {
    await place(
      't',
      '--symbol SBIN --side SELL --quantity 10 --type STOP_LOSS --price 795 --trigger-price 796.05',
    );
    await refuses('order amend t --quantity 5', 'not 796.05');
    expect((await under('refuse', 'order amend t --quantity 5 --trigger-price 796')).code).toBe(0);
    expect((await under('refuse', 'order amend t --quantity 4')).code).toBe(0);
  });

  it('is no order that closes a position, but its execution is booked', async () => {
    await place('c', '--symbol NIFTY30DEC99FUT --exchange NFO --side BUY --quantity 80');
    await db.json(...words('order fill c --quantity 80 --price 100'));
    const [position] = await db.json<{ position_id: string }[]>('position', 'list');
    await refuses(`position close ${position?.position_id}`, 'lots of 75');
    const closed = await under('refuse', `position close ${position?.position_id} --price 101`);
    expect(closed).toMatchObject({ code: 0 });
  });

  it('are lines of a file that are refused, where their orders still work', async () => {
    const path = csv(
      row('f1', 'SBIN,BUY,LIMIT,1,800.05,PENDING', AT, 'CNC,NSE', ''),
      row('f2', 'SBIN,BUY,LIMIT,1,800.1,PENDING', AT, 'CNC,NSE', ''),
      row('f3', 'NIFTY30DEC99FUT,BUY,LIMIT,80,800.1,PLACED', AT, 'NRML,NFO', ''),
      row('f4', 'SBIN,BUY,LIMIT,1,800.05,CANCELLED', AT, 'CNC,NSE', ''),
    );
    const warned = await under('warn', `order import ${path} --as orders --dry-run`);
    expect(warned.code).toBe(0);
    expect(warned.stderr).toMatch(/Line 2: .*800.05[\s\S]*Line 4: .*lots of 75/);
    const kept = await under('refuse', `order import ${path} --as orders --keep-going --json`);
    expect({ code: kept.code, ...JSON.parse(kept.stdout) }).toMatchObject({
      code: 6,
      imported: 2,
      rejected: 2,
    });
    expect(await db.json('order', 'show', 'f2')).toMatchObject({ product: 'CNC', exchange: 'NSE' });
  });
});

describe.each(databases)('product, exchange and trigger in a file of orders on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db?.close());

  it.each(['csv', 'ndjson'])('come back from an export as %s', async (format) => {
    await db.query('DELETE FROM orders');
    const path = csv(
      row('o1', 'SBIN,SELL,STOP_LOSS,1,795,PENDING', AT, 'mis,bse,796'),
      row('o2', 'TCS,BUY,MARKET,1,0,CANCELLED', AT, ',,'),
      row('o3', 'ITC,BUY,LIMIT,1,1,CANCELLED', AT, 'NRML,NSE,0.5'),
    );
    expect((await db.cli('order', 'import', path, '--as', 'orders')).code).toBe(0);
    const rows = 'SELECT * FROM orders ORDER BY order_id';
    const before = (await db.query(rows)).rows;
    expect(before).toMatchObject([
      { product: 'MIS', exchange: 'BSE', trigger_price: 796 },
      { product: null, exchange: null, trigger_price: null },
      { product: 'NRML', exchange: 'NSE', trigger_price: 0.5 },
    ]);
    const exported = join(tmpdir(), `${randomUUID()}.${format}`);
    await db.json('order', 'export', '--output', exported, '--format', format);
    await db.query('DELETE FROM orders');
    expect((await db.cli('order', 'import', exported, '--as', 'orders')).code).toBe(0);
    expect((await db.query(rows)).rows).toEqual(before);
  });

  it.each([
    ['a product that is none', 'SBIN,BUY,LIMIT,1,1,PENDING', 'BO,NSE,', 'product must be'],
    ['an exchange that is none', 'SBIN,BUY,LIMIT,1,1,PENDING', 'CNC,NYSE,', 'exchange must be'],
    ['a trigger of nothing', 'SBIN,SELL,STOP_LOSS,1,1,PENDING', 'CNC,NSE,0', 'trigger_price must be'],
    ['a trigger of words', 'SBIN,SELL,STOP_LOSS,1,1,PENDING', 'CNC,NSE,soon', 'trigger_price must be'],
    ['a trigger of a LIMIT order', 'SBIN,SELL,LIMIT,1,1,PENDING', 'CNC,NSE,1', 'Only a STOP_LOSS'],
    ['a trigger beyond the limit', 'SBIN,BUY,STOP_LOSS,1,100,PLACED', 'CNC,NSE,101', 'at most its limit'],
  ])('cannot have %s', async (_what, terms, named, stderr) => {
    const path = csv(row('bad', terms, AT, named));
    await db.refused(['order', 'import', path, '--as', 'orders'], { code: 2, stderr });
  });

  it('must be empty on a schema without them', async () => {
    const old = await open();
    try {
      await backToStep(old, 7);
      await given.user(old, 'u');
      const none = csv(row('o1', 'SBIN,BUY,LIMIT,1,1,PENDING', AT, ',,'));
      expect((await old.cli('order', 'import', none, '--as', 'orders')).code).toBe(0);
      const exported = join(tmpdir(), `${randomUUID()}.csv`);
      await old.json('order', 'export', '--output', exported);
      await old.query('DELETE FROM orders');
      expect((await old.cli('order', 'import', exported, '--as', 'orders')).code).toBe(0);
      const some = csv(row('o2', 'SBIN,BUY,LIMIT,1,1,PENDING', AT, 'CNC,,'));
      await old.refused(['order', 'import', some, '--as', 'orders'], {
        code: 2,
        stderr: 'pinnacle migrate up',
      });
    } finally {
      await old.close();
    }
  });
});
