import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

// Only some of the columns.
const RSI_DMI = {
  strategy_id: 'rsi_dmi',
  name: 'RSI DMI Strategy',
  symbols: ['reliance', 'TCS', 'INFY'],
  parameters: { rsi_period: 14, rsi_oversold: 30, rsi_overbought: 70 },
};
const REST = words(
  '--description "Momentum" --category momentum --risk-level medium --min-capital 100000 --expected-return 18 --max-drawdown 12',
);

describe.each(databases)('strategy on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-strategy-'));
    await given.user(db);
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const file = async (content: unknown) => {
    const path = join(folder, 'strategy.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };

  it('takes the columns from a file, and from flags where they are given', async () => {
    const path = await file(RSI_DMI);
    const lacking = await db.refused(['strategy', 'add', '--file', path], { code: 2 });
    for (const column of ['description', 'category', 'risk_level', 'min_capital', 'max_drawdown'])
      expect(lacking.message).toContain(column);
    const added = await db.json('strategy', 'add', '--file', path, ...REST, '--name', 'RSI and DMI');
    expect(added).toMatchObject({
      strategy_id: 'rsi_dmi',
      name: 'RSI and DMI',
      symbols: ['RELIANCE', 'TCS', 'INFY'],
      parameters: { rsi_period: 14 },
      risk_level: 'Medium',
      min_capital: '100000.00',
      is_active: true,
    });
    expect(await db.json('strategy', 'show', 'rsi_dmi')).toMatchObject(added);
    await db.refused(['strategy', 'add', '--file', path, ...REST], { code: 5 });
    const { is_active, created_at, ...columns } = added;
    const copy = await file({ ...columns, strategy_id: 'copied' });
    expect(await db.json('strategy', 'add', '--file', copy)).toMatchObject({ min_capital: '100000.00' });
  });

  it('without a file, names every flag that is missing', async () => {
    await db.refused('strategy add --strategy-id x', { code: 2, stderr: '--name, --description' });
  });

  it.each([
    ['no JSON', '{', 'valid JSON'],
    ['a list', [RSI_DMI], 'one JSON object'],
    ['an unknown column', { ...RSI_DMI, stop_loss: 1 }, 'stop_loss'],
    ['a prototype', '{"__proto__": {"x": 1}}', '__proto__'],
    ['too deep', '['.repeat(40) + ']'.repeat(40), 'deeper'],
    ['too large', JSON.stringify({ description: 'x'.repeat(70_000) }), '64 KiB'],
    ['a symbol that is none', { ...RSI_DMI, symbols: ['T  CS'] }, 'symbols'],
    ['no symbol', { ...RSI_DMI, symbols: [] }, 'symbols'],
    ['101 % drawdown', { ...RSI_DMI, max_drawdown: 101 }, 'max_drawdown'],
    ['words for a number', { ...RSI_DMI, min_capital: 'five' }, 'min_capital'],
    ['text for a percentage', { ...RSI_DMI, max_drawdown: '5' }, 'max_drawdown'],
  ])('refuses a file with %s, exit 2', async (_what, content, message) => {
    await db.refused(['strategy', 'add', '--file', await file(content)], { code: 2, stderr: message });
  });

  it('is activated once for a trader; again changes only the allocation', async () => {
    await given.strategy(db, 'swing');
    const activate = (...more: string[]) =>
      db.json('strategy', 'activate', 'swing', '--user', 'trader_001', ...more);
    const first = await activate('--allocation', '250000');
    expect(first).toMatchObject({ status: 'ACTIVE', allocation_amount: '250000.00', total_orders: 0 });
    const before = await db.audits();
    expect(await activate()).toEqual(first);
    expect(await db.audits()).toEqual(before);
    expect(await activate('--allocation', '300000')).toEqual({ ...first, allocation_amount: '300000.00' });
    expect(await db.audits()).toHaveLength(before.length + 1);
  });

  it('takes orders only while it is active for the trader, and counts them', async () => {
    await given.strategy(db, 'gap');
    const order = 'order place --user trader_001 --symbol TCS --side BUY --quantity 2 --strategy gap';
    await db.refused(order, { code: 5, stderr: 'strategy activate gap' });
    await db.json(...words('strategy activate gap --user trader_001'));
    await given.position(db, { strategy: 'gap', quantity: 2, price: 100 });
    await given.position(db, { strategy: 'gap', side: 'SELL', quantity: 2, price: 101.25 });
    const { rows } = await db.query(
      "SELECT total_orders, successful_orders, total_pnl FROM user_strategies WHERE strategy_id = 'gap'",
    );
    expect(rows).toEqual([{ total_orders: 2, successful_orders: 2, total_pnl: 2.5 }]);
  });

  it('names an unknown strategy or trader, exit 3', async () => {
    await db.refused('strategy activate none --user trader_001', { code: 3 });
    await db.refused('strategy activate swing --user nobody', { code: 3 });
  });

  it('that is not available is neither activated nor traded', async () => {
    await given.strategy(db, 'old');
    await db.query("UPDATE strategies SET is_active = false WHERE strategy_id = 'old'");
    for (const line of [
      'strategy activate old --user trader_001',
      'order place --user trader_001 --symbol TCS --side BUY --quantity 1 --strategy old',
    ])
      await db.refused(line, { code: 5, stderr: /not available.*pinnacle strategy enable old/s });
  });
});
