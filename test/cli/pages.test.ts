import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('the page of one thing on a terminal, on $name', ({ open }) => {
  let db: TestDatabase;
  let position: string;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'trader_001');
    await given.strategy(db, 'rsi_dmi');
    for (const line of [
      'strategy activate rsi_dmi --user trader_001 --allocation 250000',
      'session start --user trader_001',
      'risk set trader_001 MAX_DRAWDOWN 5',
      'risk set trader_001 MAX_DAILY_LOSS 50000',
    ])
      await db.json(...words(line));
    const terms = { strategy: 'rsi_dmi', type: 'LIMIT', price: 4000 };
    const order = await given.order(db, { orderId: 'first', ...terms });
    position = await given.fill(db, order, { quantity: 10, price: 4000 });
    const sale = await given.order(db, { orderId: 'sale', ...terms, side: 'SELL', quantity: 4 });
    await given.fill(db, sale, { quantity: 3, price: 4100.5 });
    await given.fill(db, sale, { quantity: 1, price: 3900 });
    for (let i = 0; i < 12; i++)
      await given.order(db, { orderId: `w${i}`, ...terms, symbol: 'INFY', quantity: 1, price: 100 });
    await db.json(...words('position mark TCS=4050'));
  });
  afterAll(() => db.close());

  const page = async (line: string) => {
    const env = { NO_COLOR: '1', LANG: 'en_IN.UTF-8' };
    const { code, stdout } = await db.cliWith({ tty: true, env, columns: 120 }, ...words(line));
    expect(code).toBe(0);
    const parts = stdout
      .trimEnd()
      .split('\n\n')
      .map((part) => part.split('\n'));
    return Object.fromEntries(parts.map(([title = '', ...lines]) => [title, lines.join('\n')]));
  };

  it('of an order has its terms, its fills, the positions that they moved, and its life', async () => {
    const shown = await page('order show sale');
    expect(Object.keys(shown)).toEqual(['Order', 'Terms', 'Execution', 'Fills', 'Positions', 'Life']);
    expect(shown['Terms']).toMatch(/^side +SELL\nquantity +4\nsymbol +TCS\n.*\nprice +₹4,000\.00$/);
    expect(shown['Fills']).toMatch(/₹4,100\.50 +\+₹301\.50$/m);
    expect(shown['Positions']).toMatch(/TCS +LONG +6 /);
  });

  it('of a user has the capital, what limits it, and what is open and working, with the command for the rest', async () => {
    const shown = await page('user show trader_001');
    expect(Object.keys(shown)).toEqual([
      ...['User', 'Capital', 'Realized P&L of 30 days', 'Halts', 'Rules', 'Sessions today', 'Open positions'],
      'Working orders',
    ]);
    expect(shown['Capital']).toMatch(/^total_capital +₹10,00,201\.50\nallocated +₹2,50,000\.00\n/);
    expect(shown['Realized P&L of 30 days']).toMatch(/trend +▁+█\n/);
    expect(shown['Halts']).toBe('none');
    expect(shown['Rules']).toMatch(/MAX_DAILY_LOSS +₹50,000\.00/);
    expect(shown['Sessions today']).toMatch(/ACTIVE .* \+₹201\.50/);
    expect(shown['Working orders']?.split('\n')).toHaveLength(12);
    expect(shown['Working orders']).toMatch(/More: pinnacle order list --user trader_001$/);
  });

  it('of a position has how its P&L came about', async () => {
    const shown = await page(`position show ${position}`);
    expect(Object.keys(shown)).toEqual(['Position', 'Holding', 'Profit and loss', 'Fills']);
    expect(shown['Profit and loss']).toMatch(
      /^unrealized_pnl +\+₹300\.00\nrealized_pnl +\+₹201\.50\ntrend +▁█▆\nlowest +₹0\.00\nhighest +\+₹301\.50$/,
    );
    expect(shown['Fills']?.split('\n')).toHaveLength(4);
  });

  it('of a session has its result, its capital, its fills and what is open', async () => {
    const shown = await page('session show --user trader_001');
    expect(Object.keys(shown)).toEqual(['Session', 'Result', 'Capital', 'Fills', 'Open positions']);
    expect(shown['Result']).toMatch(/^total_pnl +\+₹201\.50\n/);
    expect(shown['Capital']).toMatch(/^equity +₹10,00,501\.50$/m);
  });

  it('of a strategy has who runs it, or the activation of one user', async () => {
    const all = await page('strategy show rsi_dmi');
    expect(Object.keys(all)).toEqual(['Strategy', 'Terms', 'Realized P&L of 30 days', 'Activations']);
    expect(all['Activations']).toMatch(/trader_001 +ACTIVE +₹2,50,000\.00/);
    const own = await page('strategy show rsi_dmi --user trader_001');
    expect(own['Activation']).toMatch(/trader_001 +ACTIVE +₹2,50,000\.00/);
  });

  it('leaves pipes and chosen columns alone', async () => {
    expect((await db.cli('user', 'show', 'trader_001')).stdout).toMatch(
      /^user_id\ttrader_001\nname\tAsha Rao\n/,
    );
    const { stdout } = await db.cliWith(
      { tty: true },
      ...words('user show trader_001 --columns name,enabled'),
    );
    expect(stdout).toMatch(/name.* {2}Asha Rao\n.*enabled.* {2}yes\n$/);
  });
});
