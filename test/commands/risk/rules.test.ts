import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('risk rules on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-risk-'));
    for (const id of ['trader_001', 'trader_002']) await given.user(db, id);
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const rulesOf = async (user: string) =>
    Object.fromEntries(
      (await db.json<{ rule_type: string; rule_value: number }[]>('risk', 'list', user)).map(
        ({ rule_type, rule_value }) => [rule_type, rule_value],
      ),
    );

  it('are set once per type, changed, and left alone where nothing changes', async () => {
    const set = (value: string) => db.json('risk', 'set', 'trader_001', 'max_daily_loss', value);
    const first = await set('25000');
    expect(first).toMatchObject({
      user_id: 'trader_001',
      rule_type: 'MAX_DAILY_LOSS',
      rule_value: 25_000,
      is_violated: false,
    });
    const before = await db.audits();
    expect(await set('25000.00')).toEqual(first);
    expect(await db.audits()).toEqual(before);
    expect(await set('30000.5')).toMatchObject({ rule_id: first['rule_id'], rule_value: 30_000.5 });
    expect((await db.audits()).at(-1)).toMatchObject({
      target: 'user trader_001',
      body: { before: { MAX_DAILY_LOSS: 25_000 }, after: { MAX_DAILY_LOSS: 30_000.5 } },
    });
  });

  it.each([
    ['MAX_DAILY_LOSS', '-5'],
    ['MAX_DAILY_LOSS', '0'],
    ['MAX_DAILY_LOSS', 'NaN'],
    ['MAX_DAILY_LOSS', 'Infinity'],
    ['MAX_DAILY_LOSS', '1e5'],
    ['MAX_DRAWDOWN', '101'],
    ['MAX_DRAWDOWN', '100.01'],
    ['MAX_ORDERS_PER_DAY', '2.5'],
    ['MIN_CAPITAL_THRESHOLD', '-0.01'],
    ['MAX_LOSS', '5'],
  ])('refuse %s %s with exit 2, and say why', async (rule, value) => {
    const before = await db.audits();
    const stderr = /(VALUE|RULE_TYPE) (must|is)/;
    const { message } = await db.refused(`risk set trader_001 ${rule} ${value}`, { code: 2, stderr });
    expect(message).toContain(rule === 'MAX_LOSS' ? rule : value);
    expect(await db.audits()).toEqual(before);
  });

  it('take the least and the most that make sense', async () => {
    await db.json('risk', 'set', 'trader_001', 'MIN_CAPITAL_THRESHOLD', '0');
    await db.json('risk', 'set', 'trader_001', 'MAX_DRAWDOWN', '100');
    expect(await rulesOf('trader_001')).toMatchObject({ MIN_CAPITAL_THRESHOLD: 0, MAX_DRAWDOWN: 100 });
    await db.refused('risk set nobody MAX_DRAWDOWN 5', { code: 3 });
    await db.refused('risk list nobody', { code: 3 });
  });

  it('come from the template of the trader’s risk tolerance', async () => {
    await db.refused('risk set trader_002 --template', {
      code: 5,
      stderr: '{ "risk": { "templates": { "medium": {',
    });
    const path = join(folder, 'config.json');
    const medium = { MAX_DRAWDOWN: 10, MAX_ORDERS_PER_DAY: 200 };
    await writeFile(path, JSON.stringify({ risk: { templates: { medium, low: { MAX_DRAWDOWN: 5 } } } }));
    await db.json('risk', 'set', 'trader_002', 'MAX_DAILY_LOSS', '1');
    const before = await db.audits();
    const line = words(`risk set trader_002 --template --config ${path}`);
    const rules = await db.json<unknown[]>(...line);
    expect(rules).toMatchObject([
      { rule_type: 'MAX_DRAWDOWN', rule_value: 10 },
      { rule_type: 'MAX_ORDERS_PER_DAY', rule_value: 200 },
    ]);
    expect(await db.json(...line)).toEqual(rules);
    expect(await db.audits()).toHaveLength(before.length + 1);
    expect(await rulesOf('trader_002')).toEqual({ ...medium, MAX_DAILY_LOSS: 1 });
    await db.refused([...line, 'MAX_DRAWDOWN', '5'], { code: 2 });
  });

  it('are listed by trader and rule, page by page', async () => {
    const all = await db.json<{ user_id: string; rule_type: string }[]>('risk', 'list', '--all');
    expect(all.map(({ user_id, rule_type }) => `${user_id} ${rule_type}`)).toEqual([
      'trader_001 MAX_DRAWDOWN',
      'trader_001 MAX_DAILY_LOSS',
      'trader_001 MIN_CAPITAL_THRESHOLD',
      'trader_002 MAX_DRAWDOWN',
      'trader_002 MAX_DAILY_LOSS',
      'trader_002 MAX_ORDERS_PER_DAY',
    ]);
    const first = await db.cli(...words('risk list --limit 2 --json'));
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const rest = await db.json<unknown[]>('risk', 'list', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...rest]).toEqual(all);
    expect(await db.json('risk', 'list', '--violated')).toEqual([]);
  });

  it('are removed once', async () => {
    const removed = await db.json('risk', 'remove', 'trader_001', 'MAX_DRAWDOWN');
    expect(removed).toMatchObject({ rule_type: 'MAX_DRAWDOWN', rule_value: 100 });
    await db.refused('risk remove trader_001 MAX_DRAWDOWN', { code: 3, error: 'RISK_RULE_NOT_FOUND' });
    expect(await rulesOf('trader_001')).not.toHaveProperty('MAX_DRAWDOWN');
  });
});
