import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const EX = '2026-01-06';

describe.each(databases)('several corporate actions on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let symbols = 0;
  let files = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-action-order-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const symbol = () => `SHARE${++symbols}`;
  /** Books trades of a user, `SYMBOL BUY 10 100`, one an hour. */
  const book = async (user: string, trades: readonly string[], on = '2026-01-02') => {
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
  const add = async (line: string, ex = EX) =>
    String((await db.json(...words(`corporate-action add ${line} --ex-date ${ex}`)))['action_id']);
  const apply = async (action: string, ...flags: string[]) =>
    (await db.json<Row[]>('corporate-action', 'apply', action, '--yes', ...flags))[0];
  const refused = (action: string, error: string, stderr: string) =>
    db.refused(`corporate-action apply ${action} --yes`, { code: 5, error, stderr });
  const held = async (user: string) =>
    (await db.json<Row[]>('position', 'list', '--user', user)).map(
      (row) => `${row['symbol']} ${row['quantity']}@${row['average_price']}`,
    );

  it('a merger and a split of the acquirer are applied in their order', async () => {
    const share = symbol();
    const acquirer = symbol();
    const both = await holder(`${share} BUY 100 100`, `${acquirer} BUY 10 1000`);
    const one = await holder(`${share} BUY 100 100`);
    const split = await add(`split ${acquirer} --ratio 5:1`, '2026-01-05');
    const merger = await add(`merger ${share} --ratio 1:10 --to ${acquirer}`);
    const later = await add(`split ${acquirer} --ratio 2:1`, '2026-01-08');
    await refused(later, 'ACTION_OUT_OF_ORDER', split);
    await refused(merger, 'ACTION_OUT_OF_ORDER', split);
    await apply(split);
    await refused(later, 'ACTION_OUT_OF_ORDER', merger);
    await apply(merger);
    expect(await held(one)).toEqual([`${acquirer} 10@1000`]);
    expect(await apply(split)).toMatchObject({ positions: 0, left: 0 });
    await apply(later);
    expect(await held(both)).toEqual([`${acquirer} 120@${20_000 / 120}`]);
    expect(await held(one)).toEqual([`${acquirer} 20@500`]);
    const forgotten = await add(`bonus ${acquirer} --ratio 1:1`, '2026-01-03');
    await refused(forgotten, 'ACTION_OUT_OF_ORDER', 'is applied already');
  });

  it('orders actions over the old and the new name of a share', async () => {
    const [old, name, child] = [symbol(), symbol(), symbol()];
    await holder(`${name} BUY 10 100`);
    await db.json('symbol', 'alias', old, name);
    const split = await add(`split ${old} --ratio 2:1`, '2026-01-05');
    const demerger = await add(`demerger ${symbol()} --ratio 1:1 --to ${name} --cost-percent 20`);
    const merger = await add(`merger ${name} --ratio 1:1 --to ${child}`, '2026-01-07');
    await refused(demerger, 'ACTION_OUT_OF_ORDER', split);
    await refused(merger, 'ACTION_OUT_OF_ORDER', split);
  });

  it('the same under another name of the share counts once', async () => {
    const [old, name] = [symbol(), symbol()];
    const user = await holder(`${name} BUY 10 100`);
    const split = await add(`split ${old} --ratio 2:1`);
    const again = await add(`split ${name} --ratio 2:1`);
    const dividends = [await add(`dividend ${old} --amount 5`), await add(`dividend ${name} --amount 5`)];
    await db.json('symbol', 'alias', old, name);
    for (const each of [split, again]) await refused(each, 'ACTION_CONFLICT', 'would count twice');
    await db.json('corporate-action', 'reverse', split, '--reason', 'twice', '--yes');
    await apply(again);
    expect(await held(user)).toEqual([`${name} 20@50`]);
    for (const each of dividends) await refused(each, 'ACTION_CONFLICT', 'would count twice');
    await db.json('corporate-action', 'reverse', String(dividends[0]), '--reason', 'twice', '--yes');
    await apply(String(dividends[1]));
    expect(await add(`split ${old} --ratio 2:1`)).toBe(again);
    expect(await add(`dividend ${old} --amount 5`)).toBe(dividends[1]);
    await db.refused(`corporate-action add dividend ${old} --amount 6 --ex-date ${EX}`, {
      code: 5,
      error: 'ACTION_CONFLICT',
    });
  });

  it('two demergers of one day are applied one after the other', async () => {
    const [share, first, second] = [symbol(), symbol(), symbol()];
    const user = await holder(`${share} BUY 100 100`);
    await apply(await add(`demerger ${share} --ratio 1:1 --to ${first} --cost-percent 20`));
    await apply(await add(`demerger ${share} --ratio 1:1 --to ${second} --cost-percent 30`));
    expect((await held(user)).sort()).toEqual(
      [`${share} 100@56`, `${first} 100@20`, `${second} 100@24`].sort(),
    );
    expect((await db.cli('doctor', 'ledger', '--user', user)).code).toBe(0);
  });

  it('refuses one step that pays fractions at two prices', async () => {
    const share = symbol();
    await add(`split ${share} --ratio 3:2 --cash-price 10`);
    const bonus = await add(`bonus ${share} --ratio 1:3 --cash-price 20`);
    await refused(bonus, 'ACTION_CONFLICT', 'at 10 and at 20 a share');
  });
});
