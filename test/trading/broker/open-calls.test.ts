import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderRow, savedBooks } from '../../commands/reconcile/saved-books.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('calls that nobody knew the end of, on $name', ({ open }) => {
  let db: TestDatabase;
  const books = savedBooks();
  beforeAll(async () => {
    db = await open();
    Object.assign(db.env, books.env);
  });
  afterAll(async () => {
    await books.remove();
    await db?.close();
  });

  /** An order whose answer was lost, under the tag of its id. */
  async function lost(user: string, id: string, verb = 'place', sentAgo = '0 s') {
    await db.json(
      ...words(
        `order place --order-id ${id} --user ${user} --symbol SBIN --side BUY --quantity 10 --type LIMIT --price 100`,
      ),
    );
    await db.query('UPDATE orders SET order_tag = $1 WHERE order_id = $1', [id]);
    await db.query(
      `INSERT INTO broker_calls (call_id, user_id, order_id, verb, tag, request, outcome, sent_at)
       VALUES ($1, $2, $3, $4, $3, '{}', 'unknown', now() - $5::interval)`,
      [`cal-${id}`, user, id, verb, sentAgo],
    );
  }
  const sync = (user: string) => db.cli('broker', 'sync', user, '--json');
  const unresolved = async (user: string) =>
    (
      await db.query(
        'SELECT count(*)::int AS n FROM broker_calls WHERE user_id = $1 AND resolved_at IS NULL',
        [user],
      )
    ).rows[0]?.['n'];

  it.each([
    ['was accepted by hand', 'order accept a --broker-order-id b-a'],
    ['was accepted by hand and filled', 'order fill a --quantity 10 --price 100'],
  ])('end with a sync once the order %s', async (what, line) => {
    const user = await given.user(db, what.includes('filled') ? 'v' : 'u');
    const id = `a-${user}`;
    await lost(user, id);
    await books.save(user, { orders: [orderRow({ orderid: `b-a`, ordertag: id })] });
    if (user === 'v') await db.json(...words(`order accept ${id} --broker-order-id b-a`));
    await db.json(...words(line.replace(' a ', ` ${id} `)));
    expect(await unresolved(user)).toBe(1);
    const ended = await sync(user);
    expect(JSON.parse(ended.stdout)).toMatchObject([{ accepted: 0, unresolved: 0 }]);
    expect(await unresolved(user)).toBe(0);
    const { rows } = await db.query('SELECT broker_order_id FROM broker_calls WHERE order_id = $1', [id]);
    expect(rows).toEqual([{ broker_order_id: 'b-a' }]);
    const audits = await db.audits('broker sync');
    expect(audits.at(-1)).toMatchObject({ target: `user ${user}` });
    await sync(user);
    expect(await db.audits('broker sync')).toHaveLength(audits.length);
    expect((await db.json<{ unresolved: number }[]>('broker', 'status', user))[0]).toMatchObject({
      unresolved: 0,
    });
  });

  it('end with a repair that notes the id', async () => {
    const user = await given.user(db, 'w');
    await lost(user, 'r');
    await books.save(user, { orders: [orderRow({ orderid: 'b-r', ordertag: 'r' })] });
    await db.json(...words(`reconcile orders ${user} --apply ORDER_UNACKNOWLEDGED --yes`));
    expect(await unresolved(user)).toBe(0);
    expect(await db.json('order', 'show', 'r')).toMatchObject({ status: 'PLACED', broker_order_id: 'b-r' });
  });

  it('of orders that were cancelled here alone end with their day', async () => {
    const user = await given.user(db, 'x');
    await lost(user, 'today');
    await lost(user, 'before', 'place', '25 hours');
    await books.save(user, {});
    for (const id of ['today', 'before']) await db.json('order', 'cancel', id);
    const { code, stdout } = await sync(user);
    expect({ code, rows: JSON.parse(stdout) }).toMatchObject({ code: 6, rows: [{ unresolved: 1 }] });
    const { rows } = await db.query(
      'SELECT order_id FROM broker_calls WHERE user_id = $1 AND resolved_at IS NULL',
      [user],
    );
    expect(rows).toEqual([{ order_id: 'today' }]);
  });
});
