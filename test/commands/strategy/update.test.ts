import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('a strategy on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-strategy-'));
    await given.user(db);
    await given.strategy(db, 'swing');
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const strategy = (line: string, ...more: string[]) => db.json(...words(`strategy ${line}`), ...more);

  it('is changed where it is said, with what it was and is in the audit log', async () => {
    const before = await strategy('show swing');
    const after = await strategy(
      'update swing --min-capital 50000.5 --symbols tcs,INFY --name "Swing 2" --risk-level low',
      ...['--parameters', '{"b":1,"a":[true]}'],
    );
    expect(await strategy('show swing')).toEqual({
      ...before,
      name: 'Swing 2',
      min_capital: '50000.50',
      symbols: ['TCS', 'INFY'],
      parameters: { b: 1, a: [true] },
    });
    const { by, ...body } = (await db.audits('strategy %')).at(-1)?.body ?? {};
    expect(body).toEqual({
      before: { name: 'S', min_capital: 1, symbols: ['TCS'], parameters: {} },
      after: {
        name: 'Swing 2',
        min_capital: 50_000.5,
        symbols: ['TCS', 'INFY'],
        parameters: { a: [true], b: 1 },
      },
    });
    const audited = (await db.audits('strategy %')).length;
    const same = ['--parameters', '{"a":[true],"b":1}'];
    expect(await strategy('update swing --min-capital 50000.50 --symbols TCS,INFY', ...same)).toEqual(after);
    expect(await db.audits('strategy %')).toHaveLength(audited);
  });

  it('is changed from a file; flags win, and the file must be its own', async () => {
    const path = join(folder, 'swing.json');
    await writeFile(path, JSON.stringify({ strategy_id: 'swing', category: 'trend', max_drawdown: 7 }));
    expect(await strategy(`update swing --file ${path} --max-drawdown 8`)).toMatchObject({
      category: 'trend',
      max_drawdown: 8,
      name: 'Swing 2',
    });
    await writeFile(path, JSON.stringify({ strategy_id: 'other', category: 'x' }));
    await db.refused(`strategy update swing --file ${path}`, {
      code: 2,
      stderr: 'of the strategy other, not of swing',
    });
  });

  it('is not changed to what it cannot be', async () => {
    const before = await db.audits('strategy %');
    const path = join(folder, 'bad.json');
    await writeFile(path, JSON.stringify({ max_drawdown: 101, stop_loss: 5 }));
    const lines: [string, number, string][] = [
      ['update swing', 2, 'Say what to change'],
      ['update swing --max-drawdown 101', 2, '--max-drawdown'],
      ['update swing --symbols ,', 2, 'symbols must name at least one symbol'],
      ['update swing --symbols "T  CS"', 2, 'symbols'],
      ['update swing --risk-level extreme', 2, '--risk-level'],
      [`update swing --file ${path}`, 2, 'max_drawdown must be'],
      [`update swing --file ${path}`, 2, 'A strategy has no stop_loss.'],
      ['update none --name x', 3, 'There is no strategy none.'],
      ['enable none', 3, 'There is no strategy none.'],
    ];
    for (const [line, code, stderr] of lines) await db.refused(`strategy ${line}`, { code, stderr });
    expect(await db.audits('strategy %')).toEqual(before);
  });

  it('is disabled and enabled, once each; disabling says who had it running', async () => {
    await strategy('activate swing --user trader_001');
    const { code, stderr } = await db.cli(...words('strategy disable swing'));
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 user had it running'),
    });
    expect(await strategy('disable swing')).toMatchObject({ is_active: false });
    expect((await db.audits('strategy %')).at(-1)).toMatchObject({
      command: 'strategy disable',
      body: { before: { is_active: true }, after: { is_active: false } },
    });
    const order = 'order place --user trader_001 --symbol TCS --side BUY --quantity 1 --strategy swing';
    await db.refused(order, { code: 5, stderr: 'swing' });
    expect(await strategy('enable swing')).toMatchObject({ is_active: true });
    const audited = await db.audits('strategy %');
    expect(await strategy('enable swing')).toMatchObject({ is_active: true });
    expect(await db.audits('strategy %')).toEqual(audited);
    expect((await db.cli(...words(order))).code).toBe(0);
  });
});

describe.each(servers)('strategies on a $name of phase 1', ({ open }) => {
  it('are changed and listed; who uses them needs phase 2', async () => {
    const db = await open(1);
    await given.strategy(db, 'swing');
    expect(await db.json(...words('strategy disable swing'))).toMatchObject({ is_active: false });
    expect(await db.json(...words('strategy list --active'))).toEqual([]);
    for (const line of ['list --user u', 'show swing --user u', 'stats'])
      await db.refused(`strategy ${line}`, { code: 5, stderr: 'migrate up' });
    await db.close();
  });
});
