import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sparkline } from '../../src/cli/charts/sparkline.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

it.each([
  [[1, 2, 3, 4, 5, 6, 7, 8], true, '▁▂▃▄▅▆▇█'],
  [[-4, 0, 4], true, '▁▅█'],
  [[1, null, 4], false, '.-#'],
  [[5, 5], true, '▅▅'],
  [[], true, ''],
])('a sparkline of %j, UTF-8 %s, is %s', (values, unicode, text) => {
  expect(sparkline(values, unicode)).toBe(text);
});

describe.each(databases)('--sparkline on $name', ({ open }) => {
  let db: TestDatabase;
  const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

  beforeAll(async () => {
    db = await open();
    for (const user of ['gains', 'idle']) await given.user(db, user);
    for (const id of ['s1', 's2']) await given.strategy(db, id);
    await db.json(...words('session start --user gains'));
    const trades = [
      // Before the last 30 days.
      ['BUY', 100, 60],
      ['SELL', 500, 59],
      ['BUY', 100, 20],
      ['SELL', 110, 15.5],
      ['BUY', 100, 10],
      ['SELL', 95, 2.5],
    ].map(([side, price, days], i) => `T${i},TCS,${side},10,${price},${daysAgo(Number(days))},s1`);
    const { code, stderr } = await db.cliWith(
      { stdin: [HEADER, ...trades].join('\n') },
      ...words('order import - --as trades --user gains'),
    );
    expect(code, stderr).toBe(0);
  });
  afterAll(() => db.close());

  const trendOf = async (command: string, key: string, value: string) => {
    const rows = await db.json<Record<string, unknown>[]>(...words(command));
    return rows.find((row) => row[key] === value)?.['trend'];
  };
  const LAST_DAYS = [...Array(14).fill('0.00'), ...Array(13).fill('100.00'), ...Array(3).fill('50.00')];

  it('is how the realized P&L of 30 days added up, of users and of strategies', async () => {
    expect(await trendOf('user list --sparkline', 'user_id', 'gains')).toEqual(LAST_DAYS);
    expect(await trendOf('user list --all --sparkline', 'user_id', 'gains')).toEqual(LAST_DAYS);
    expect(await trendOf('user list --sparkline', 'user_id', 'idle')).toEqual(Array(30).fill('0.00'));
    expect(await trendOf('strategy stats --sparkline', 'strategy_id', 's1')).toEqual(LAST_DAYS);
    expect(await trendOf('strategy stats s1 --user gains --sparkline', 'strategy_id', 's1')).toEqual(
      LAST_DAYS,
    );
  });

  it('is drawn on a terminal as its locale can, and there only where it is asked for', async () => {
    const list = (flags: string, env: Record<string, string>) =>
      db
        .cliWith({ tty: true, env, columns: 200 }, ...words(`user list ${flags}`))
        .then(({ stdout }) => stdout);
    expect(await list('--sparkline', { LANG: 'en_IN.UTF-8' })).toContain(
      `${'▁'.repeat(14)}${'█'.repeat(13)}`,
    );
    const narrow = await db.cliWith({ tty: true, columns: 80 }, ...words('user list --sparkline'));
    expect(narrow.stdout).toContain('trend');
    expect(await list('--sparkline', {})).toContain(`${'.'.repeat(14)}${'#'.repeat(13)}`);
    expect(await list('', { LANG: 'en_IN.UTF-8' })).not.toContain('▁');
    expect(await trendOf('user list', 'user_id', 'gains')).toBeUndefined();
  });

  it('of a session covers it from start to end', async () => {
    const order = await given.order(db, { user: 'gains', symbol: 'INFY' });
    await given.fill(db, order, { quantity: 10, price: 100 });
    const sale = await given.order(db, { user: 'gains', symbol: 'INFY', side: 'SELL' });
    await given.fill(db, sale, { quantity: 10, price: 107 });
    const [session] = await db.json<{ trend: string[]; total_pnl: string }[]>(
      ...words('session list --user gains --sparkline'),
    );
    expect(session?.trend).toHaveLength(30);
    expect(session?.trend.at(-1)).toBe('70.00');
  });
});
