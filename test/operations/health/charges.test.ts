import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const DAY_MS = 86_400_000;
const INDIA_MS = 330 * 60_000;
/** The trading day so many days ago, YYYY-MM-DD. */
const ago = (days: number) => new Date(Date.now() + INDIA_MS - days * DAY_MS).toISOString().slice(0, 10);

describe.each(databases)('days without charges, as doctor sees them on $name,', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 't1');
    await given.user(db, 't2');
  });
  afterAll(() => db?.close());

  const trade = async (user: string, day: string) => {
    const order = await given.order(db, { user, product: 'CNC' });
    await db.query(`UPDATE orders SET created_at = '2020-01-01' WHERE order_id = '${order}'`);
    await given.fill(db, order, { quantity: 10, price: 100, at: `${day}T05:00:00Z` });
  };
  const seen = async () => {
    const { stdout } = await db.cli(...words('doctor --check charges --json'));
    const [row] = [JSON.parse(stdout)].flat();
    return row;
  };

  it('are no matter where none was ever booked, nor from before', async () => {
    await trade('t1', ago(9));
    expect(await seen()).toMatchObject({ state: 'ok', detail: 'none was ever booked' });
    await trade('t1', ago(7));
    await db.json(...words(`charges book --day ${ago(7)}`));
    await trade('t1', ago(0));
    expect(await seen()).toMatchObject({ state: 'ok', detail: 'booked for each day with executions' });
  });

  it('are named, with the command that books them', async () => {
    // Of a day, one of two traders.
    await trade('t2', ago(7));
    await trade('t1', ago(5));
    expect(await seen()).toMatchObject({
      state: 'warn',
      detail: `not booked for each trader with executions: ${ago(7)}, ${ago(5)}`,
      help: `pinnacle charges book --since ${ago(7)}`,
    });
    const { code } = await db.cli(...words(`charges book --since ${ago(7)}`));
    expect(code).toBe(0);
    expect(await seen()).toMatchObject({ state: 'ok' });
  });
});
