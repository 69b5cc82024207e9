import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const EX = '2026-01-06';

describe.each(databases)('what a corporate action leaves to a person on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let symbols = 0;
  let files = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-action-left-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const symbol = () => `SHARE${++symbols}`;
  const book = async (user: string, trades: readonly string[], on = '2026-01-05') => {
    const id = ++files;
    const lines = trades.map((trade, i) => {
      const at = new Date(Date.parse(`${on}T03:50:00Z`) + i * 3_600_000).toISOString();
      return `${id}-${i},${trade.replaceAll(' ', ',')},${at}`;
    });
    const path = join(folder, `${id}.csv`);
    await writeFile(path, ['trade_id,symbol,side,quantity,price,executed_at', ...lines, ''].join('\n'));
    await db.json('order', 'import', path, '--as', 'trades', '--user', user);
  };
  const holder = async (...trades: string[]) => {
    const user = await given.user(db, `trader_${files}`);
    await book(user, trades);
    return user;
  };
  const add = async (line: string) =>
    String((await db.json(...words(`corporate-action add ${line} --ex-date ${EX}`)))['action_id']);
  const apply = async (action: string) => {
    const { code, stdout, stderr } = await db.cli('corporate-action', 'apply', action, '--yes', '--json');
    return { code, row: (JSON.parse(stdout || '[]') as Row[])[0], stderr };
  };
  const leftOf = async (action: string) =>
    Object.fromEntries(
      (await db.json<Row[]>('corporate-action', 'plan', action)).map((row) => [row['user_id'], row['left']]),
    );
  const held = async (user: string) =>
    (await db.json<Row[]>('position', 'list', '--user', user)).map(
      (row) => `${row['symbol']} ${row['quantity']}@${row['average_price']}`,
    );
  const isSound = async (user: string) =>
    expect((await db.cli('doctor', 'ledger', '--user', user)).code).toBe(0);

  it.each(['demerger', 'merger'])('a %s leaves who holds the share under two names', async (type) => {
    const [old, name, target] = [symbol(), symbol(), symbol()];
    const both = await holder(`${old} BUY 100 10`, `${name} BUY 50 20`, `${target} BUY 5 5`);
    const one = await holder(`${old} BUY 100 10`);
    await db.json('symbol', 'alias', old, name);
    const cost = type === 'demerger' ? '--cost-percent 20' : '';
    const action = await add(`${type} ${name} --ratio 1:10 --to ${target} ${cost}`);
    const command = `pinnacle position merge-symbol ${old} --user ${both}`;
    expect(await leftOf(action)).toEqual({ [both]: expect.stringContaining(command), [one]: '' });
    expect(await apply(action)).toMatchObject({
      code: 6,
      row: { positions: 1, left: 2 },
      stderr: expect.stringContaining(command),
    });
    await db.json(...words(`position merge-symbol ${old} --user ${both} --yes`));
    expect(await apply(action)).toMatchObject({ code: 0, row: { positions: 1, left: 0 } });
    expect(await held(both)).toContain(
      type === 'merger' ? `${target} 20@101.25` : `${target} 20@${425 / 20}`,
    );
    for (const user of [both, one]) await isSound(user);
  });

  it('leaves a position that its executions do not make, in plan as in apply', async () => {
    const share = symbol();
    const sound = await holder(`${share} BUY 10 100`);
    const unsound = await holder(`${share} BUY 10 100`);
    await book(unsound, [`${share} SELL 5 60`], EX);
    await db.query('UPDATE positions SET quantity = 7 WHERE user_id = $1', [unsound]);
    const adopted = await given.user(db, 'adopted');
    await db.query(
      `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, opened_at)
       VALUES ('svc-1', $1, $2, 'LONG', 10, 100, 100, '2026-01-05 05:00')`,
      [adopted, share],
    );
    await db.json('ledger', 'adopt', '--user', adopted, '--yes');
    await book(adopted, [`${share} SELL 5 60`], EX);
    const action = await add(`split ${share} --ratio 2:1`);
    const left = {
      [sound]: '',
      [unsound]: expect.stringContaining('pinnacle doctor ledger'),
      [adopted]: expect.stringContaining('pinnacle ledger adopt --undo'),
    };
    expect(await leftOf(action)).toEqual(left);
    expect(await apply(action)).toMatchObject({ code: 6, row: { positions: 1, left: 2 } });
    expect(await held(sound)).toEqual([`${share} 20@50`]);
    expect(await held(adopted)).toEqual([`${share} 5@100`]);
  });

  it('leaves history that was imported behind a merger into the same account', async () => {
    const [share, acquirer, old] = [symbol(), symbol(), symbol()];
    const user = await holder(`${share} BUY 100 10`);
    const action = await add(`merger ${share} --ratio 1:10 --to ${acquirer}`);
    await apply(action);
    await book(user, [`${old} BUY 50 12`]);
    await db.json('symbol', 'alias', old, share);
    const other = await holder(`${share} BUY 50 12`);
    expect(await apply(action)).toMatchObject({
      code: 6,
      row: { positions: 1, left: 1 },
      stderr: expect.stringContaining('has shares of this action already'),
    });
    expect(await held(other)).toEqual([`${acquirer} 5@120`]);
    expect((await held(user)).sort()).toEqual([`${acquirer} 10@100`, `${old} 50@12`].sort());
  });

  it('leaves shares of history that would meet those of a later action', async () => {
    const [share, acquirer] = [symbol(), symbol()];
    const split = await add(`split ${acquirer} --ratio 5:1`);
    const user = await holder(`${acquirer} BUY 10 1000`);
    await apply(split);
    const early = await db.json(
      ...words(`corporate-action add merger ${share} --ratio 1:10 --to ${acquirer} --ex-date 2026-01-05`),
    );
    await db.json('corporate-action', 'reverse', split, '--reason', 'order', '--yes');
    await apply(String(early['action_id']));
    const again = await add(`split ${acquirer} --ratio 5:1`);
    await apply(again);
    await book(user, [`${share} BUY 100 100`], '2026-01-02');
    expect(await apply(String(early['action_id']))).toMatchObject({
      code: 6,
      stderr: expect.stringContaining(`pinnacle corporate-action reverse ${again}`),
    });
    expect((await held(user)).sort()).toEqual([`${acquirer} 50@200`, `${share} 100@100`].sort());
  });

  it('what is closed by now is not left', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 2 100`);
    const action = await add(`split ${share} --ratio 1:3 --cash-price 300`);
    expect(await apply(action)).toMatchObject({ code: 6, row: { left: 1 } });
    await book(user, [`${share} SELL 2 100`], '2026-01-07');
    expect(await apply(action)).toMatchObject({ code: 0, row: { left: 0 } });
    expect(await leftOf(action)).toEqual({});
  });

  it('leaves what would be beyond a position or a movement of money', async () => {
    const share = symbol();
    await holder(`${share} BUY 10000 1`);
    const few = await holder(`${share} BUY 10 1`);
    const split = await add(`split ${share} --ratio 1000000:1`);
    expect(await apply(split)).toMatchObject({
      code: 6,
      row: { positions: 1, left: 1 },
      stderr: expect.stringContaining('10000000000 shares are more than a position holds'),
    });
    expect(await held(few)).toEqual([`${share} 10000000@0.000001`]);
    const rich = symbol();
    await holder(`${rich} BUY 100000 1`);
    expect(await apply(await add(`dividend ${rich} --amount 999999999`))).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('99999999900000.00 is more than a movement of money holds'),
    });
    expect(await apply(await add(`rights ${rich} --ratio 1000000:1 --amount 1`))).toMatchObject({ code: 6 });
  });

  it('deducts tax by all that a dividend paid a user, also before', async () => {
    const [old, share] = [symbol(), symbol()];
    await db.json('symbol', 'alias', old, share);
    const user = await holder(`${share} BUY 400 100`);
    const action = await add(`dividend ${share} --amount 22 --tds-percent 10 --tds-above 10000`);
    await apply(action);
    const order = await given.order(db, { user, symbol: old, side: 'BUY', quantity: 100 });
    await db.query("UPDATE orders SET created_at = '2026-01-05 03:00' WHERE order_id = $1", [order]);
    const at = '2026-01-05T10:00:00Z';
    await db.json('order', 'fill', order, '--quantity', '100', '--price', '100', '--at', at);
    await apply(action);
    const flows = await db.json<Row[]>('user', 'flows', user);
    expect(flows.map(({ amount }) => amount)).toEqual(['1100.00', '8800.00']);
    await isSound(user);
  });
});
