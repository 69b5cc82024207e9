import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embedded, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

/** A trading day of one trader: placed, filled, flipped, cancelled, marked, closed. */
async function tradingDay(db: TestDatabase, day: string): Promise<void> {
  const run = (line: string) => db.json(...words(line));
  await run(`session start --user trader_001`);
  for (const [id, side, at] of [
    ['a', 'BUY', 100],
    ['b', 'SELL', 110],
    ['trader_x_', 'BUY', 90],
  ] as const) {
    await run(
      `order place --order-id ${id}${day} --user trader_001 --symbol ITC --side ${side} --type LIMIT --quantity 10 --price ${at} --strategy s1`,
    );
    await run(`order fill ${id}${day} --quantity 10 --price ${at} --broker-fill-id f${id}${day}`);
  }
  const { order_id } = await run(
    'order place --user trader_001 --symbol TCS --side BUY --type LIMIT --quantity 4 --price 50',
  );
  await run(`order fill ${order_id} --quantity 1 --price 50 --broker-fill-id ${order_id}`);
  await run(`order cancel ${order_id}`);
  await run('position mark ITC=95 TCS=51');
  const open = await db.json<{ position_id: string }[]>('position', 'list');
  for (const { position_id } of open) await run(`position close ${position_id} --price 96`);
  await run('session end --user trader_001');
}

const partitionsOf = async (db: TestDatabase, where: string) =>
  (
    await db.query(`SELECT DISTINCT tableoid::regclass::text AS name FROM orders WHERE ${where} ORDER BY 1`)
  ).rows.map(({ name }) => name);

describe.each(servers)('partitions on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    await given.strategy(db, 's1');
    await db.json(...words('strategy activate s1 --user trader_001'));
    await tradingDay(db, '1');
  });
  afterAll(() => db.close());

  it('a plain table has none, and a dry run makes none', async () => {
    expect(await db.json('partition', 'status')).toEqual([]);
    expect(await db.json('partition', 'check')).toEqual([]);
    expect(await db.cli('partition', 'ensure')).toMatchObject({ code: 5 });
    const steps = await db.json<{ sql: string }[]>('partition', 'enable', 'orders', '--dry-run');
    expect(steps.map(({ sql }) => sql).join()).toContain('ATTACH PARTITION orders_history DEFAULT');
    expect(await db.json('partition', 'status')).toEqual([]);
    expect((await db.cli('partition', 'enable', 'orders', '--no-input')).code).toBe(4);
  });

  it('positions stay whole, with the reason', async () => {
    for (const verb of ['enable', 'ensure', 'check', 'status']) {
      const { code, stderr } = await db.cli('partition', verb, 'positions', '--yes');
      expect(code).toBe(5);
      expect(stderr).toContain('positions_one_open');
    }
  });

  it('refuses while an id sorts among those to come, and leaves nothing behind', async () => {
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       VALUES ('ord_02ABC', 'trader_001', 'ITC', 'BUY', 'LIMIT', 1, 1)`,
    );
    const { code, stderr } = await db.cli('partition', 'enable', '--yes');
    expect(code).toBe(5);
    expect(stderr).toContain('ord_02ABC');
    await db.query("DELETE FROM orders WHERE order_id = 'ord_02ABC'");
    expect(await db.json('partition', 'check')).toEqual([]);
  });

  it('enables, with every row, key, index and right', async () => {
    await db.query('CREATE ROLE partition_reader').catch(() => {});
    await db.query('GRANT SELECT ON orders TO partition_reader');
    const before = (await db.query('SELECT * FROM orders ORDER BY order_id')).rows;
    // Others write all the while.
    let done = false;
    const write = async (count: number): Promise<number> => {
      if (done) return count;
      await db.json(
        ...words('order place --user trader_001 --symbol TCS --side BUY --type LIMIT --quantity 1 --price 1'),
      );
      return write(count + 1);
    };
    const writers = [write(0), write(0)];
    await db.json('partition', 'enable', 'orders', '--yes').finally(() => {
      done = true;
    });
    const written = (await Promise.all(writers)).reduce((sum, count) => sum + count);
    const after = (await db.query('SELECT * FROM orders ORDER BY order_id')).rows;
    expect(after).toEqual(expect.arrayContaining(before));
    expect(after).toHaveLength(before.length + written);
    expect(await db.json('partition', 'check')).toEqual([]);
    expect(await db.json('partition', 'enable', '--yes')).toEqual([]);
    const { rows } = await db.query(
      "SELECT has_table_privilege('partition_reader', 'orders', 'SELECT') AS may",
    );
    expect(rows).toEqual([{ may: true }]);
    await db.query('DROP OWNED BY partition_reader');
    await db.query('DROP ROLE partition_reader').catch(() => {});
    await expect(
      db.query("UPDATE positions SET order_id = 'nobody' WHERE order_id IS NOT NULL"),
    ).rejects.toThrow('positions_order_id_fkey');
    await expect(db.query("DELETE FROM orders WHERE order_id = 'a1'")).rejects.toThrow('foreign key');
  });

  it('a trading day passes on them, and the books agree', async () => {
    await tradingDay(db, '2');
    const twice = await db.cli(
      ...words(
        'order place --order-id a2 --user trader_001 --symbol ITC --side BUY --type LIMIT --quantity 1 --price 1',
      ),
    );
    expect(twice.code).toBe(5);
    expect(twice.stderr).toContain('already an order a2');
    for (const proof of ['doctor ledger', 'migrate drift', 'partition check', 'audit verify'])
      expect({ proof, ...(await db.cli(...words(proof))) }).toMatchObject({ proof, code: 0 });
  });

  it('puts every id somewhere: minted ones by month, others into history, of no month yet ahead', async () => {
    const all = await db.json<{ partition: string; first_id: string }[]>('partition', 'status');
    const names = all.map(({ partition }) => partition);
    expect(names).toEqual(['orders_history', ...names.slice(1, -1), 'orders_ahead']);
    const ids = [
      ...all.slice(1).map(({ first_id }) => `${first_id}ZZZ`),
      'first',
      'zzz',
      'ord_test',
      'ORD_1',
    ];
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at)
       SELECT id, 'trader_001', 'ITC', 'BUY', 'LIMIT', 1, 1, '2020-01-01' FROM unnest($1::text[]) id`,
      [ids],
    );
    for (const { partition, first_id } of all.slice(1))
      expect(await partitionsOf(db, `order_id = '${first_id}ZZZ'`)).toEqual([partition]);
    expect(await partitionsOf(db, "order_id IN ('first', 'zzz', 'ord_test', 'ORD_1')")).toEqual([
      'orders_history',
    ]);
    const { code, stdout } = await db.cli('partition', 'check', '--json');
    expect(code).toBe(6);
    expect(stdout).toContain('beyond the last month');
    await db.query("DELETE FROM orders WHERE created_at = '2020-01-01'");
  });

  it('a month is read in its partition alone', async () => {
    const all = await db.json<
      { partition: string; first_id: string; end_id: string; since: string; until: string }[]
    >('partition', 'status');
    const month = all[1];
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at)
       SELECT '${month?.first_id}' || lpad(i::text, 16, '0'), 'trader_001', 'ITC', 'BUY', 'LIMIT', 1, 1, '${month?.since}'
       FROM generate_series(1, 2000) i`,
    );
    await db.query('ANALYZE orders');
    const plan = async (where: string) =>
      (
        await db.query(
          `EXPLAIN (ANALYZE, TIMING off, FORMAT json) SELECT count(*), sum(quantity) FROM orders WHERE ${where}`,
        )
      ).rows[0]?.['QUERY PLAN'];
    const byId = JSON.stringify(
      await plan(`order_id >= '${month?.first_id}' AND order_id < '${month?.end_id}'`),
    );
    expect([...byId.matchAll(/"Relation Name":"(\w+)"/g)].map(([, name]) => name)).toEqual([
      month?.partition,
    ]);
    // By created_at the others cannot be excluded: not a row of theirs is read.
    const byTime = JSON.stringify(
      await plan(`created_at >= '${month?.since}' AND created_at < '${month?.until}'`),
    );
    const read = [...byTime.matchAll(/"Relation Name":"(\w+)".*?"Actual Rows":(\d+)/g)];
    expect(read.filter(([, , rows]) => Number(rows) > 0).map(([, name]) => name)).toEqual([month?.partition]);
    await db.query(`DELETE FROM orders WHERE created_at = '${month?.since}'`);
  });

  it('ensure makes months, once, also where orders lie ahead already', async () => {
    await db.json('partition', 'ensure', '--months', '5');
    expect(await db.json('partition', 'ensure', '--months', '5')).toEqual([]);
    expect(await db.json('partition', 'check', '--months', '5')).toEqual([]);
    // Ten months on, and nobody ran it.
    const now = new Date(Date.now() + 300 * 86_400_000);
    const place = 'order place --user trader_001 --symbol TCS --side BUY --type LIMIT --quantity 1 --price 1';
    const id = `ord_${ulid(now.getTime())}`;
    await db.json(...words(`${place} --order-id ${id}`));
    await db.json(...words(`order fill ${id} --quantity 1 --price 1 --broker-fill-id late`));
    expect(await partitionsOf(db, `order_id = '${id}'`)).toEqual(['orders_ahead']);
    expect((await db.cliWith({ now }, 'partition', 'check')).code).toBe(6);
    const made = await db.cliWith({ now }, 'partition', 'ensure');
    expect({ code: made.code, error: made.code && made.stderr }).toEqual({ code: 0, error: 0 });
    expect((await db.cliWith({ now }, 'partition', 'check')).code).toBe(0);
    expect(await partitionsOf(db, `order_id = '${id}'`)).not.toEqual(['orders_ahead']);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('drift still names what was changed by hand, in a partition too', async () => {
    const [, month] = await db.json<{ partition: string }[]>('partition', 'status');
    await db.query(`CREATE INDEX mine ON ${month?.partition} (price)`);
    await db.query('ALTER TABLE orders_history ADD CONSTRAINT dear CHECK (price >= 0)');
    const { code, stdout } = await db.cli('migrate', 'drift', '--json', 'kind,object');
    expect({ code, rows: JSON.parse(stdout) }).toEqual({
      code: 6,
      rows: [
        { kind: 'constraint', object: 'orders.orders_history.dear' },
        { kind: 'index', object: `orders.${month?.partition}.mine` },
      ],
    });
    await db.query('DROP INDEX mine');
    await db.query('ALTER TABLE orders_history DROP CONSTRAINT dear');
  });

  it('phases go down and up again on them', async () => {
    const { rows } = await db.query('SELECT current_database() AS name');
    await db.json('migrate', 'down', '--to', '3', '--confirm', String(rows[0]?.['name']));
    await db.json('migrate', 'up');
    expect(await db.json('migrate', 'drift')).toEqual([]);
    expect(await db.json('partition', 'check', '--months', '1')).toEqual([]);
    await db.json('migrate', 'down', '--to', '0', '--confirm', String(rows[0]?.['name']));
    const left = await db.query("SELECT relname FROM pg_class WHERE relname ~ '^orders'");
    expect(left.rows).toEqual([]);
  });
});

describe('partitions on the embedded database', () => {
  it('are refused', async () => {
    const db = await embedded.open();
    expect((await db.cli('partition', 'enable', 'orders', '--yes')).code).toBe(5);
    expect((await db.cli('partition', 'check')).code).toBe(0);
    await db.close();
  });
});
