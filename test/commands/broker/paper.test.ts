import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('an order at the paper broker on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    // One connection is what the embedded database has, and a server may be given.
    db.env['PINNACLE_POOL_SIZE'] = '1';
  });
  afterAll(() => db.close());

  const place = async (user: string, order: string, terms = '') => {
    const line = `order place --order-id ${order} --user ${user} --symbol INFY --side BUY --quantity 20`;
    await db.json(...words(`${line} --type LIMIT --price 1500 ${terms}`));
  };
  const runPaper = async (price: number) => {
    const file = join(tmpdir(), `${randomUUID()}.csv`);
    writeFileSync(file, `symbol,ltp,timestamp\nINFY,${price},${new Date().toISOString()}\n`);
    return db.cli('broker', 'paper', 'run', '--json', '--quotes', file);
  };

  it('is placed, sent, matched with a quote and brought into the book, with its position', async () => {
    const user = await given.user(db, 'u');
    await place(user, 'o1', '--product CNC');
    expect(await db.json('order', 'send', 'o1')).toMatchObject([
      {
        order_id: 'o1',
        status: 'PLACED',
        outcome: 'accepted',
        broker_order_id: expect.stringMatching(/^ppr_/),
      },
    ]);
    expect((await runPaper(1498.35)).code).toBe(0);
    expect(await db.json('order', 'show', 'o1')).toMatchObject({ status: 'PLACED', filled_quantity: 0 });
    expect(await db.json('broker', 'sync', user)).toMatchObject([
      { fills: 1, differences: 0, unresolved: 0 },
    ]);
    expect(await db.json('order', 'show', 'o1')).toMatchObject({ status: 'FILLED', filled_price: 1498.35 });
    expect(await db.json('position', 'list')).toMatchObject([
      { symbol: 'INFY', quantity: 20, average_price: 1498.35, status: 'OPEN' },
    ]);
    expect(await db.json('broker', 'sync', user)).toMatchObject([{ accepted: 0, fills: 0 }]);
  });

  it('is sent for several traders at once, amended and cancelled over one connection', async () => {
    for (const user of ['v', 'w']) {
      await given.user(db, user);
      await place(user, `of-${user}`);
    }
    expect(await db.json(...words('order send --all --yes'))).toMatchObject([
      { order_id: 'of-v', outcome: 'accepted' },
      { order_id: 'of-w', outcome: 'accepted' },
    ]);
    await db.json(...words('order amend of-v --price 1490 --send'));
    await db.json(...words('order cancel of-w --send'));
    await db.json(...words('broker sync --all'));
    expect(await db.json('order', 'show', 'of-v')).toMatchObject({ status: 'PLACED', price: 1490 });
    expect(await db.json('order', 'show', 'of-w')).toMatchObject({ status: 'CANCELLED' });
    expect(await db.json(...words('reconcile orders --all'))).toEqual([]);
    await db.json('doctor', 'ledger');
  });
});
