import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';
/** The ex-date of all actions; it begins at 18:30 of the day before, UTC. */
const EX = '2026-01-06';
const BEFORE = '2026-01-05T23:59:59+05:30';

describe.each(databases)('corporate actions on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let symbols = 0;
  let users = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-action-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const symbol = () => `SHARE${++symbols}`;
  /** Books trades of a user: `SYMBOL BUY 10 100`, one an hour from the day before the ex-date on, or from that of `on`. */
  const book = async (user: string, trades: readonly string[], on = '2026-01-05') => {
    const lines = trades.map((trade, i) => {
      const [name, side, quantity, price] = trade.split(' ');
      const at = new Date(Date.parse(`${on}T03:50:00Z`) + i * 3_600_000).toISOString();
      return `${on}-${i},${name},${side},${quantity},${price},${at}`;
    });
    const path = join(folder, `${user}-${on}.csv`);
    await writeFile(path, [HEADER, ...lines, ''].join('\n'));
    await db.json('order', 'import', path, '--as', 'trades', '--user', user);
  };
  const holder = async (...trades: string[]) => {
    const user = await given.user(db, `trader_${++users}`);
    await book(user, trades);
    return user;
  };
  const add = async (line: string) =>
    String((await db.json(...words(`corporate-action add ${line} --ex-date ${EX}`)))['action_id']);
  const apply = async (action: string, ...flags: string[]) =>
    (await db.json<Row[]>('corporate-action', 'apply', action, '--yes', ...flags))[0];
  const reverse = (action: string) =>
    db.json<Row[]>('corporate-action', 'reverse', action, '--reason', 'wrong', '--yes');
  const held = async (user: string, ...flags: string[]) =>
    db.json<Row[]>('position', 'list', '--user', user, ...flags);
  const capitalOf = async (user: string) => (await db.json('user', 'show', user))['total_capital'];
  const isSound = async (user: string) => {
    const { code, stdout } = await db.cli('doctor', 'ledger', '--user', user, '--json');
    const failed = (JSON.parse(stdout) as Row[]).filter(({ state }) => state !== 'ok');
    expect([code, failed]).toEqual([0, []]);
  };
  /** What an action may change and its reversal restores. */
  const bookOf = async (user: string) => ({
    positions: (
      await db.query(
        `SELECT position_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl, status,
          opened_at, closed_at, marked_at FROM positions WHERE user_id = $1 AND status = 'OPEN' ORDER BY position_id`,
        [user],
      )
    ).rows,
    capital: await capitalOf(user),
  });

  it('a split multiplies shares and divides the average; --as-of knows both', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 2449.75`);
    const short = await holder(`${share} SELL 20 500`);
    const action = await add(`split ${share} --ratio 5:1`);
    expect(await db.json('corporate-action', 'plan', action)).toMatchObject([
      {
        user_id: user,
        quantity: 10,
        quantity_after: 50,
        average_price: 2449.75,
        average_after: 489.95,
        left: '',
      },
      { user_id: short, side: 'SHORT', quantity: 20, quantity_after: 100, average_after: 100 },
    ]);
    const before = await bookOf(user);
    expect(await apply(action)).toMatchObject({
      status: 'APPLIED',
      positions: 2,
      users: 2,
      cash: '0.00',
      left: 0,
    });
    expect(await held(user)).toMatchObject([
      { symbol: share, quantity: 50, average_price: 489.95, current_price: 489.95, unrealized_pnl: '0.00' },
    ]);
    expect(await held(short)).toMatchObject([{ side: 'SHORT', quantity: 100, average_price: 100 }]);
    expect(await held(user, '--as-of', BEFORE)).toMatchObject([{ quantity: 10, average_price: 2449.75 }]);
    expect(await held(user, '--as-of', `${EX}T00:00:00+05:30`)).toMatchObject([
      { quantity: 50, average_price: 489.95 },
    ]);
    await isSound(user);
    expect(await apply(action)).toMatchObject({ positions: 0 });
    expect(await db.audits('corporate-action apply')).toHaveLength(1);
    expect((await reverse(action))[0]).toMatchObject({ status: 'REVERSED', positions: 2 });
    expect(await bookOf(user)).toEqual(before);
    await isSound(user);
    await db.refused(`corporate-action apply ${action} --yes`, { code: 5, error: 'ACTION_REVERSED' });
  });

  it('fills go on from what an action left, and it is not taken back under them', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`);
    const action = await add(`split ${share} --ratio 2:1`);
    await apply(action);
    await given.position(db, { user, symbol: share, side: 'SELL', quantity: 5, price: 60 });
    expect(await held(user)).toMatchObject([{ quantity: 15, average_price: 50, realized_pnl: '50.00' }]);
    await isSound(user);
    await db.refused(`corporate-action reverse ${action} --reason r --yes`, {
      code: 5,
      error: 'ACTION_BUILT_ON',
      stderr: 'was traded',
    });
    await given.position(db, { user, symbol: share, side: 'SELL', quantity: 20, price: 70 });
    expect(await held(user)).toMatchObject([{ side: 'SHORT', quantity: 5, average_price: 70 }]);
    const [closed] = await held(user, '--status', 'CLOSED');
    expect(closed).toMatchObject({ realized_pnl: '350.00' });
    await isSound(user);
    const history = await db.json<Row[]>('position', 'history', String(closed?.['position_id']));
    expect(history).toMatchObject([
      { side: 'BUY', quantity: 10, position_quantity: 10 },
      { broker_fill_id: 'corporate action', quantity: 10, position_quantity: 20, average_price: 50 },
      { side: 'SELL', quantity: 5, position_quantity: 15 },
      { side: 'SELL', quantity: 15, position_quantity: 0 },
    ]);
    expect(await db.json('report', 'trades', '--user', user)).toMatchObject([
      { quantity: 20, entry_price: 50, gross_pnl: '350.00' },
    ]);
  });

  it('books what was traded since the ex-date anew, on the new shares', async () => {
    const share = symbol();
    const child = symbol();
    const since = [`${share} SELL 15 60`, `${share} SELL 5 55`];
    const late = await holder(`${share} BUY 10 100`);
    await book(late, since, EX);
    expect(await held(late)).toMatchObject([{ side: 'SHORT', quantity: 10 }]);
    const inTime = await holder(`${share} BUY 10 100`);
    const action = await add(`split ${share} --ratio 2:1`);
    expect(await db.json('corporate-action', 'plan', action)).toMatchObject([
      { user_id: inTime, quantity_after: 20 },
      { user_id: late, quantity: 10, quantity_after: 20, average_after: 50 },
    ]);
    await apply(action);
    await book(inTime, since, EX);
    for (const user of [late, inTime]) {
      expect(await held(user)).toEqual([]);
      expect(await capitalOf(user)).toBe('1000175.00');
      expect(await held(user, '--as-of', `${EX}T00:00:00+05:30`)).toMatchObject([{ quantity: 20 }]);
      expect(await held(user, '--as-of', BEFORE)).toMatchObject([{ quantity: 10, average_price: 100 }]);
      await isSound(user);
    }
    const sold = await holder(`${share} BUY 100 400`);
    await book(sold, [`${child} SELL 5 600`, `${share} BUY 10 350`], EX);
    const demerger = await add(`demerger ${share} --ratio 1:10 --to ${child} --cost-percent 13.51`);
    await apply(demerger);
    expect(await held(sold)).toMatchObject([
      { symbol: child, quantity: 5 },
      { symbol: share, quantity: 110 },
    ]);
    await isSound(sold);
  });

  it('executions are corrected across a split, unless it would have counted other shares', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`, `${share} BUY 10 110`);
    const action = await add(`split ${share} --ratio 2:1`);
    await apply(action);
    await given.position(db, { user, symbol: share, side: 'SELL', quantity: 20, price: 60 });
    const [first, , last] = (await db.json<Row[]>('fill', 'list', '--user', user)).reverse();
    await db.json('fill', 'correct', String(first?.['fill_id']), '--price', '90', '--reason', 'r', '--yes');
    expect(await held(user)).toMatchObject([{ quantity: 20, average_price: 50, realized_pnl: '200.00' }]);
    await db.json('fill', 'correct', String(last?.['fill_id']), '--price', '65', '--reason', 'r', '--yes');
    expect(await held(user)).toMatchObject([{ quantity: 20, realized_pnl: '300.00' }]);
    expect(await capitalOf(user)).toBe('1000300.00');
    await isSound(user);
    await db.refused(`fill bust ${first?.['fill_id']} --reason r --yes`, {
      code: 5,
      error: 'FILL_BEFORE_ACTION',
    });
    await db.json('fill', 'bust', String(last?.['fill_id']), '--reason', 'r', '--yes');
    expect(await held(user)).toMatchObject([{ quantity: 40, average_price: 50 }]);
    await isSound(user);
    await reverse(action);
    expect(await held(user)).toMatchObject([{ quantity: 20, average_price: 100 }]);
    await isSound(user);
  });

  it('what was executed before the ex-date is not booked on the shares after it', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`);
    await apply(await add(`split ${share} --ratio 2:1`));
    const path = join(folder, 'late.csv');
    await writeFile(path, `${HEADER}\nlate,${share},BUY,5,101,2026-01-05T15:00:00+05:30\n`);
    const line = ['order', 'import', path, '--as', 'trades', '--user', user];
    await db.refused(line, { code: 5, error: 'FILL_BEFORE_ACTION' });
    await db.refused([...line, '--replay'], { code: 5, error: 'FILL_BEFORE_ACTION' });
    expect(await held(user)).toMatchObject([{ quantity: 20 }]);
  });

  it('nor on those of a position that was closed, or opened anew, since', async () => {
    for (const since of [['SELL 20 60'], ['SELL 30 60'], ['SELL 20 60', 'BUY 7 55']]) {
      const share = symbol();
      const user = await holder(`${share} BUY 10 100`);
      await apply(await add(`split ${share} --ratio 2:1`));
      await book(
        user,
        since.map((trade) => `${share} ${trade}`),
        EX,
      );
      const was = await held(user, '--status', 'any');
      const order = await given.order(db, { user, symbol: share, side: 'BUY', quantity: 5 });
      await db.query("UPDATE orders SET created_at = '2026-01-05 03:00' WHERE order_id = $1", [order]);
      const fill = ['order', 'fill', order, '--quantity', '5', '--price', '101', '--at'];
      await db.refused([...fill, '2026-01-05T10:00:00Z'], { code: 5, error: 'FILL_BEFORE_ACTION' });
      expect(await held(user, '--status', 'any')).toEqual(was);
      await db.json(...fill, '2026-01-06T10:00:00Z');
      await isSound(user);
    }
  });

  it('a merger is not taken back where the old symbol was traded since, and is flat again', async () => {
    const [old, acquirer] = [symbol(), symbol()];
    const user = await holder(`${old} BUY 25 100`);
    const merger = await add(`merger ${old} --ratio 1:1 --to ${acquirer}`);
    await apply(merger);
    await book(user, [`${old} BUY 10 100`, `${old} SELL 10 110`], '2026-01-07');
    const line = ['corporate-action', 'reverse', merger, '--reason', 'r', '--yes'];
    await db.refused(line, { code: 5, error: 'ACTION_BUILT_ON' });
    await isSound(user);
  });

  it('goes with the position when its symbol is merged, and back', async () => {
    const share = symbol();
    const name = symbol();
    const user = await holder(`${share} BUY 10 100`);
    await apply(await add(`split ${share} --ratio 3:1`));
    await book(user, [`${name} SELL 6 40`], EX);
    await db.json(...words(`symbol alias ${share} ${name}`));
    const [merge] = await db.json<Row[]>(...words(`position merge-symbol ${share} --user ${user} --yes`));
    expect(await held(user)).toMatchObject([{ symbol: name, quantity: 24, realized_pnl: '40.00' }]);
    expect(await held(user, '--as-of', BEFORE)).toMatchObject([{ quantity: 10, average_price: 100 }]);
    await isSound(user);
    await db.json('position', 'unmerge-symbol', String(merge?.['merge_id']), '--yes');
    expect(await held(user)).toMatchObject([
      { symbol: name, side: 'SHORT', quantity: 6 },
      { symbol: share, quantity: 30 },
    ]);
    await isSound(user);
    await db.json(...words(`symbol unalias ${share}`));
  });

  it('a split and a bonus of one day are one step, whatever the order of their records', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 7000`);
    const before = await bookOf(user);
    const bonus = await add(`bonus ${share} --ratio 4:1`);
    const split = await add(`split ${share} --ratio 2:1`);
    expect(await apply(bonus)).toMatchObject({ action_id: split, positions: 1 });
    expect(await held(user)).toMatchObject([{ quantity: 100, average_price: 700 }]);
    expect(await db.json('corporate-action', 'list', '--symbol', share)).toMatchObject([
      { type: 'split', status: 'APPLIED', applied_with: split },
      { type: 'bonus', status: 'APPLIED', applied_with: split },
    ]);
    await reverse(bonus);
    expect(await bookOf(user)).toEqual(before);
    await isSound(user);
  });

  it('pays fractions once it is known for how much', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 120`);
    const before = await bookOf(user);
    const action = await add(`bonus ${share} --ratio 1:3`);
    expect(await apply(action)).toMatchObject({ positions: 1, cash: '0.00' });
    expect(await held(user)).toMatchObject([{ quantity: 13, average_price: 1200 / 13, current_price: 90 }]);
    await isSound(user);
    const asked = await db.cli('corporate-action', 'apply', action, '--cash-price', '900');
    expect([asked.code, asked.stderr]).toEqual([4, expect.stringContaining('1 position of 1 user, ₹300.00')]);
    const plan = await db.cli('corporate-action', 'plan', action, '--cash-price', '900');
    expect(plan.stderr).toContain('Pays ₹300.00 for fractions of 1 position');
    const paid = { positions: 1, users: 1, cash: '300.00' };
    expect(await apply(action, '--cash-price', '900')).toMatchObject(paid);
    expect((await db.audits('corporate-action apply')).at(-1)).toMatchObject({
      body: { positions: 1, cash: '300.00', fractions: [{ user_id: user, cash: '300.00' }] },
    });
    expect(await apply(action, '--cash-price', '900')).toMatchObject({ positions: 0, cash: '0.00' });
    expect(await db.json('user', 'flows', user)).toMatchObject([{ kind: 'dividend', amount: '300.00' }]);
    expect(await capitalOf(user)).toBe('1000300.00');
    await db.refused(`corporate-action apply ${action} --cash-price 901 --yes`, {
      code: 5,
      error: 'ACTION_CONFLICT',
    });
    await isSound(user);
    await reverse(action);
    expect(await bookOf(user)).toEqual(before);
    await isSound(user);
  });

  it('a dividend is paid on what was held, less tax, and owed by who is short', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 1000 1500`);
    await book(user, [`${share} SELL 1000 1510`], EX);
    const short = await holder(`${share} SELL 100 1500`);
    const small = await holder(`${share} BUY 10 1500`);
    const late = await given.user(db, `trader_${++users}`);
    await book(late, [`${share} BUY 5 1500`], EX);
    const action = await add(`dividend ${share} --amount 22 --tds-percent 10 --tds-above 10000`);
    expect(await apply(action)).toMatchObject({ positions: 3, cash: '17820.00' });
    expect(await capitalOf(user)).toBe('1029800.00');
    expect(await capitalOf(short)).toBe('997800.00');
    expect(await capitalOf(small)).toBe('1000220.00');
    expect(await capitalOf(late)).toBe('1000000.00');
    for (const each of [user, short, small, late]) await isSound(each);
    expect(await held(small)).toMatchObject([{ quantity: 10, average_price: 1500 }]);
    await reverse(action);
    expect(await capitalOf(user)).toBe('1010000.00');
    await isSound(user);
  });

  it('a demerger shares the cost out, to the paisa', async () => {
    const share = symbol();
    const child = symbol();
    const user = await holder(`${share} BUY 1000 400`);
    const both = await holder(`${share} BUY 1000 400`, `${child} BUY 100 600`);
    const before = [await bookOf(user), await bookOf(both)];
    const action = await add(`demerger ${share} --ratio 1:10 --to ${child} --cost-percent 13.51`);
    expect(await apply(action)).toMatchObject({ positions: 2 });
    expect(await held(user)).toMatchObject([
      { symbol: child, quantity: 100, average_price: 540.4 },
      { symbol: share, quantity: 1000, average_price: 345.96 },
    ]);
    expect(await held(both, '--symbol', child)).toMatchObject([{ quantity: 200, average_price: 570.2 }]);
    expect(await held(user, '--as-of', BEFORE)).toMatchObject([{ symbol: share, average_price: 400 }]);
    for (const each of [user, both]) await isSound(each);
    await reverse(action);
    expect([await bookOf(user), await bookOf(both)]).toEqual(before);
    for (const each of [user, both]) await isSound(each);
  });

  it('a merger ends a position in the shares of the acquirer', async () => {
    const share = symbol();
    const other = symbol();
    const user = await holder(`${share} BUY 25 2700`);
    const opposed = await holder(`${share} BUY 25 2700`, `${other} SELL 1 1600`);
    const before = await bookOf(user);
    const action = await add(`merger ${share} --ratio 42:25 --to ${other}`);
    const { code, stderr } = await db.cli('corporate-action', 'apply', action, '--yes');
    expect([code, stderr]).toEqual([6, expect.stringContaining(`of ${opposed} is left as it is: `)]);
    expect(await held(user)).toMatchObject([{ symbol: other, quantity: 42, average_price: 67_500 / 42 }]);
    expect(await held(user, '--as-of', BEFORE)).toMatchObject([{ symbol: share, quantity: 25 }]);
    await isSound(user);
    await reverse(action);
    expect(await bookOf(user)).toEqual(before);
    await isSound(user);
  });

  it('an execution of which a part of the cost moved on is corrected only under a reversed action', async () => {
    for (const terms of ['merger --ratio 42:25', 'demerger --ratio 1:1 --cost-percent 13.51']) {
      const [share, other] = [symbol(), symbol()];
      const user = await holder(`${share} BUY 25 2700`, `${other} BUY 1 1000`);
      const action = await add(`${terms.replace(' ', ` ${share} `)} --to ${other}`);
      await apply(action);
      const was = await bookOf(user);
      const [of, ofOther] = (await db.json<Row[]>('fill', 'list', '--user', user)).reverse();
      const correct = (fill: Row | undefined) =>
        words(`fill correct ${fill?.['fill_id']} --price 2600 --reason r --yes`);
      await db.refused(correct(of), { code: 5, error: 'FILL_BEFORE_ACTION' });
      expect(await bookOf(user)).toEqual(was);
      await isSound(user);
      await db.json(...correct(ofOther));
      await isSound(user);
      await reverse(action);
      await db.json(...correct(of));
      expect(await held(user)).toMatchObject([{ average_price: 2600 }, { average_price: 2600 }]);
      await isSound(user);
    }
  });

  it('leaves to a person what would be no whole share', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 2 100`);
    const action = await add(`split ${share} --ratio 1:3 --cash-price 300`);
    const { code, stderr } = await db.cli('corporate-action', 'apply', action, '--yes');
    expect([code, stderr]).toEqual([6, expect.stringContaining('leaves not one whole share')]);
    expect(await held(user)).toMatchObject([{ quantity: 2, average_price: 100 }]);
    await isSound(user);
  });

  it('a renaming is an alias from its day on', async () => {
    const share = symbol();
    const name = symbol();
    const user = await holder(`${share} BUY 50 200`);
    const [position] = await held(user);
    const action = await add(`rename ${share} --to ${name}`);
    await apply(action);
    expect(await db.json('symbol', 'list')).toMatchObject([
      { old_symbol: share, new_symbol: name, from_date: EX },
    ]);
    await db.json(...words(`position merge-symbol ${share} --all --yes`));
    expect(await held(user)).toMatchObject([{ ...position, symbol: name, updated_at: expect.anything() }]);
    await db.refused(`corporate-action reverse ${action} --reason r --yes`, {
      code: 5,
      error: 'ACTION_BUILT_ON',
    });
    const split = await add(`split ${name} --ratio 2:1`);
    await apply(split);
    expect(await held(user)).toMatchObject([{ quantity: 100 }]);
    await isSound(user);
  });

  it('a renaming that is taken back takes its alias away, and no other', async () => {
    const [share, known, name] = [symbol(), symbol(), symbol()];
    await db.json('symbol', 'alias', known, name);
    const aliases = () => db.json('symbol', 'list');
    const was = await aliases();
    for (const old of [share, known]) {
      const action = await add(`rename ${old} --to ${name}`);
      await apply(action);
      expect(await aliases()).not.toEqual(old === share ? was : []);
      await reverse(action);
      expect(await aliases()).toEqual(was);
    }
  });

  it('what a merger ends, or a reversal leaves empty, is no trade', async () => {
    const [share, child, acquirer] = [symbol(), symbol(), symbol()];
    const user = await holder(`${share} BUY 20 100`, `${share} SELL 5 110`);
    const whole = await holder(`${share} BUY 20 100`);
    const demerger = await add(`demerger ${share} --ratio 1:1 --to ${child} --cost-percent 10`);
    await apply(demerger);
    await reverse(demerger);
    await apply(await add(`merger ${share} --ratio 1:1 --to ${acquirer}`));
    expect(await db.json('report', 'trades', '--user', user)).toMatchObject([{ gross_pnl: '50.00' }]);
    expect(await db.json('report', 'trades', '--user', whole)).toEqual([]);
    const { figures } = await db.json<{ figures: Row[] }>('report', 'performance', '--user', user);
    expect(figures).toContainEqual(expect.objectContaining({ figure: 'trades', value: 1 }));
  });

  it('an execution that a dividend counted is not taken back under it', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`);
    const dividend = await add(`dividend ${share} --amount 5`);
    await apply(dividend);
    const [fill] = await db.json<Row[]>('fill', 'list', '--user', user);
    const bust = words(`fill bust ${fill?.['fill_id']} --reason r --yes`);
    await db.refused(bust, { code: 5, error: 'FILL_BEFORE_ACTION' });
    await db.json(...words(`fill correct ${fill?.['fill_id']} --price 90 --reason r --yes`));
    await reverse(dividend);
    await db.json(...bust);
    await isSound(user);
  });

  it('keeps a price that was marked since the ex-date, and divides an older one', async () => {
    const [byHand, quoted, old] = [symbol(), symbol(), symbol()];
    const user = await holder(`${byHand} BUY 10 100`, `${quoted} BUY 10 100`, `${old} BUY 10 100`);
    const mark = (name: string, at: string, price: number) =>
      db.query(
        `UPDATE positions SET current_price = $3::float8, unrealized_pnl = ($3::float8 - 100) * 10, marked_at = $2 WHERE symbol = $1`,
        [name, at, price],
      );
    await db.json('position', 'mark', `${byHand}=50`);
    await mark(quoted, '2026-01-06 05:00', 50);
    await mark(old, '2026-01-05 09:00', 120);
    const before = await bookOf(user);
    const actions: string[] = [];
    for (const each of [byHand, quoted, old]) actions.push(await add(`split ${each} --ratio 2:1`));
    for (const each of actions) await apply(each);
    for (const [name, price] of [
      [byHand, 50],
      [quoted, 50],
      [old, 60],
    ] as const)
      expect(await held(user, '--symbol', name)).toMatchObject([{ quantity: 20, current_price: price }]);
    await isSound(user);
    for (const each of actions) await reverse(each);
    expect(await bookOf(user)).toEqual(before);
  });

  it('rights are recorded as what may be subscribed', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 200`);
    const action = await add(`rights ${share} --ratio 1:4 --amount 150`);
    expect(await db.json('corporate-action', 'plan', action)).toMatchObject([
      { entitled: 2, fraction: '1/2' },
    ]);
    await apply(action);
    expect(await held(user)).toMatchObject([{ quantity: 10, average_price: 200 }]);
    await isSound(user);
  });

  it('cancels working orders of before the ex-date, and counts them first', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`);
    const order = await given.order(db, { user, symbol: share, type: 'LIMIT', price: 90 });
    const action = await add(`split ${share} --ratio 2:1`);
    await db.query("UPDATE orders SET created_at = '2026-01-05' WHERE order_id = $1", [order]);
    const { stderr } = await db.cli('corporate-action', 'plan', action);
    expect(stderr).toContain('Cancels 1 working order of before the ex-date.');
    expect(await apply(action)).toMatchObject({ orders_cancelled: 1 });
    expect(await db.json('order', 'show', order)).toMatchObject({ status: 'CANCELLED' });
  });

  it('refuses what comes too early, too late or out of order, and changes nothing without consent', async () => {
    const share = symbol();
    const user = await holder(`${share} BUY 10 100`);
    const action = await add(`split ${share} --ratio 2:1`);
    await db.refused(`corporate-action apply ${action}`, { code: 4 });
    expect((await db.cli('corporate-action', 'apply', action, '--dry-run')).code).toBe(0);
    expect(await held(user)).toMatchObject([{ quantity: 10 }]);
    const later = String(
      (await db.json(...words(`corporate-action add split ${share} --ratio 3:1 --ex-date 2026-01-07`)))[
        'action_id'
      ],
    );
    await db.refused(`corporate-action apply ${later} --yes`, { code: 5, error: 'ACTION_OUT_OF_ORDER' });
    const future = String(
      (await db.json(...words(`corporate-action add bonus ${symbol()} --ratio 3:1 --ex-date 2999-01-07`)))[
        'action_id'
      ],
    );
    await db.refused(`corporate-action apply ${future} --yes`, { code: 5, error: 'ACTION_NOT_YET' });
    await db.refused(`corporate-action add split ${share} --ratio 4:1 --ex-date ${EX}`, {
      code: 5,
      error: 'ACTION_CONFLICT',
    });
    await db.refused('corporate-action plan act_none', { code: 3, error: 'CORPORATE_ACTION_NOT_FOUND' });
    await reverse(action);
    await apply(later);
    expect(await held(user)).toMatchObject([{ quantity: 30 }]);
    const first = await add(`split ${share} --ratio 5:1`);
    await db.refused(`corporate-action apply ${first} --yes`, { code: 5, error: 'ACTION_OUT_OF_ORDER' });
  });

  it.each([
    ['split X --ratio 2:1 --amount 3', '--amount says nothing of a split'],
    ['dividend X', 'A dividend needs --amount'],
    ['demerger X --ratio 1:1 --to Y', 'A demerger needs --cost-percent'],
    ['merger X --ratio 1:1 --to X', 'are one name'],
    ['split X --ratio 0:1', 'two whole numbers'],
    ['split X --ratio 1.5:1', 'two whole numbers'],
    ['split X --ratio 2:2', 'changes nothing'],
    ['demerger X --ratio 1:1 --to Y --cost-percent 100', 'below 100'],
    ['dividend X --amount 0', 'above 0'],
    ['dividend X --amount 1 --tds-above 5', 'needs --tds-percent'],
    ['spinoff X', 'must be one of'],
  ])('refuses the terms %s', async (line, stderr) => {
    await db.refused(`corporate-action add ${line} --ex-date ${EX}`, { code: 2, stderr });
  });
});
