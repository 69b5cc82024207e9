import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';

describe.each(databases)('an execution that is taken back or corrected on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let users = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-fills-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const trader = () => given.user(db, `trader_${++users}`);
  /** Fills an order, one that is placed for it unless it is named; `SELL 10 at 110`. */
  const trade = async (user: string, terms: string, order?: string): Promise<string> => {
    const [side = '', quantity = '', , price = ''] = terms.split(' ');
    const symbol = 'TCS';
    const id = order ?? (await given.order(db, { user, symbol, side, quantity }));
    const { fill_id } = await db.json('order', 'fill', id, '--quantity', quantity, '--price', price);
    return String(fill_id);
  };
  const bust = (fill: string) => db.json('fill', 'bust', fill, '--reason', 'mistyped', '--yes');
  const correct = (fill: string, ...values: string[]) =>
    db.json('fill', 'correct', fill, ...values, '--reason', 'mistyped', '--yes');
  /** Capital and positions of a user, oldest first, without those that no execution makes. */
  const bookOf = async (user: string) => {
    const { rows } = await db.query('SELECT total_capital FROM users WHERE user_id = $1', [user]);
    const { rows: positions } = await db.query(
      `SELECT symbol, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl, status
       FROM positions p WHERE user_id = $1
         AND EXISTS (SELECT FROM order_fills f WHERE p.position_id IN (f.position_id, f.flipped_to))
       ORDER BY opened_at, (SELECT min(seq) FROM order_fills f WHERE p.position_id IN (f.position_id, f.flipped_to))`,
      [user],
    );
    return {
      capital: rows[0]?.['total_capital'],
      positions: positions.map(
        (p) =>
          `${p['side']} ${p['quantity']} at ${p['average_price']}, realized ${p['realized_pnl']}, ${p['status']}`,
      ),
    };
  };
  const sound = async () => {
    const { code, stdout } = await db.cli('doctor', 'ledger');
    expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
  };

  it('leaves nothing of the only execution of an order, which works again', async () => {
    const user = await trader();
    await db.json('session', 'start', '--user', user);
    const order = await given.order(db, { user, type: 'LIMIT', price: 4000, quantity: 10 });
    await db.json(...words(`order accept ${order} --broker-order-id b1`));
    const { fill_id, position_id } = await db.json(
      ...words(`order fill ${order} --quantity 10 --price 40000 --broker-fill-id x --yes`),
    );
    await db.json('position', 'mark', 'TCS=4000');
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({ max_drawdown: 36 });
    expect(await bust(String(fill_id))).toMatchObject({
      fill_id,
      order_id: order,
      status: 'PLACED',
      filled_quantity: 0,
      filled_price: 0,
      credited: '0.00',
      positions: 1,
    });
    expect(await bookOf(user)).toEqual({ capital: '1000000.00', positions: [] });
    expect(await db.json('position', 'show', String(position_id))).toMatchObject({
      status: 'CLOSED',
      quantity: 0,
      realized_pnl: '0.00',
      unrealized_pnl: '0.00',
    });
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({
      max_drawdown: 0,
      peak_equity: '1000000.00',
      successful_orders: 0,
    });
    expect(await db.json('position', 'history', String(position_id))).toEqual([]);
    await sound();
    const again = await db.refused(`fill bust ${fill_id} --reason twice --yes`, {
      code: 5,
      error: 'FILL_BUSTED',
    });
    expect(again.message).toContain('mistyped');
    await db.refused(`order fill ${order} --quantity 10 --price 4000 --broker-fill-id x`, {
      code: 5,
      error: 'FILL_BUSTED',
    });
    await trade(user, 'BUY 10 at 4000', order);
    expect((await bookOf(user)).positions).toEqual(['LONG 10 at 4000, realized 0, OPEN']);
    await sound();
    const [entry] = await db.audits('fill bust');
    expect(entry).toMatchObject({
      target: `order ${order}`,
      body: { reason: 'mistyped', fill: { fill_id, price: 40000 }, corrected: null },
    });
  });

  it('is rebuilt without one in the middle', async () => {
    const user = await trader();
    await trade(user, 'BUY 10 at 100');
    const middle = await trade(user, 'BUY 10 at 200');
    await trade(user, 'SELL 5 at 160');
    expect(await bookOf(user)).toEqual({
      capital: '1000050.00',
      positions: ['LONG 15 at 150, realized 50, OPEN'],
    });
    expect(await bust(middle)).toMatchObject({ credited: '250.00', positions: 1 });
    expect(await bookOf(user)).toEqual({
      capital: '1000300.00',
      positions: ['LONG 5 at 100, realized 300, OPEN'],
    });
    await sound();
  });

  it('opens a position again without the one that closed it, under its id', async () => {
    const user = await trader();
    await trade(user, 'BUY 10 at 100');
    const closing = await trade(user, 'SELL 10 at 110');
    await trade(user, 'BUY 5 at 120');
    await trade(user, 'SELL 5 at 130');
    const { rows } = await db.query(
      'SELECT position_id FROM positions WHERE user_id = $1 ORDER BY opened_at LIMIT 1',
      [user],
    );
    await bust(closing);
    expect(await bookOf(user)).toEqual({
      capital: '1000116.67',
      positions: ['LONG 10 at 106.66666666666667, realized 116.66666666666667, OPEN'],
    });
    const positions = await db.json<Record<string, unknown>[]>(
      'position',
      'list',
      '--user',
      user,
      '--status',
      'any',
    );
    expect(positions.find(({ status }) => status === 'OPEN')).toMatchObject({
      position_id: rows[0]?.['position_id'],
      closed_at: null,
    });
    expect(positions.map(({ status, quantity }) => `${status} ${quantity}`).sort()).toEqual([
      'CLOSED 0',
      'OPEN 10',
    ]);
    await sound();
  });

  it('is rebuilt without a reversal, and with one that others become', async () => {
    const user = await trader();
    await trade(user, 'BUY 10 at 100');
    const reversal = await trade(user, 'SELL 15 at 120');
    await trade(user, 'BUY 5 at 110');
    expect(await bookOf(user)).toEqual({
      capital: '1000250.00',
      positions: ['LONG 0 at 100, realized 200, CLOSED', 'SHORT 0 at 120, realized 50, CLOSED'],
    });
    await bust(reversal);
    expect(await bookOf(user)).toEqual({
      capital: '1000000.00',
      positions: ['LONG 15 at 103.33333333333333, realized 0, OPEN'],
    });
    await sound();
    const other = await trader();
    const opening = await trade(other, 'BUY 10 at 100');
    await trade(other, 'SELL 10 at 120');
    await trade(other, 'BUY 15 at 110');
    await bust(opening);
    expect(await bookOf(other)).toEqual({
      capital: '1000100.00',
      positions: ['SHORT 0 at 120, realized 100, CLOSED', 'LONG 5 at 110, realized 0, OPEN'],
    });
    await sound();
  });

  it('takes another price, and then another quantity', async () => {
    const user = await trader();
    const order = await given.order(db, { user, quantity: 20 });
    const fill = await trade(user, 'BUY 10 at 40000', order);
    await trade(user, 'BUY 10 at 4010', order);
    await trade(user, 'SELL 20 at 4020');
    expect((await bookOf(user)).capital).toBe('640300.00');
    expect(await correct(fill, '--price', '4000')).toMatchObject({
      price: 4000,
      filled_price: 4005,
      status: 'FILLED',
      credited: '360000.00',
    });
    expect(await bookOf(user)).toEqual({
      capital: '1000300.00',
      positions: ['LONG 0 at 4005, realized 300, CLOSED'],
    });
    await sound();
    expect(await correct(fill, '--price', '4000')).toMatchObject({ credited: '0.00', positions: 0 });
    expect(await correct(fill, '--quantity', '4')).toMatchObject({
      status: 'PARTIALLY_FILLED',
      filled_quantity: 14,
    });
    expect((await bookOf(user)).positions).toEqual([
      'LONG 0 at 4007.1428571428573, realized 180, CLOSED',
      'SHORT 6 at 4020, realized 0, OPEN',
    ]);
    await sound();
    await db.refused(`fill correct ${fill} --quantity 11 --reason r --yes`, { code: 5, error: 'OVERFILL' });
    expect(await correct(fill, '--quantity', '11', '--allow-overfill')).toMatchObject({
      status: 'FILLED',
      filled_quantity: 21,
    });
    await sound();
    expect(await db.audits('fill correct')).toHaveLength(3);
  });

  it('has its place by time when the time is corrected', async () => {
    const user = await trader();
    const path = join(folder, 'times.csv');
    await writeFile(
      path,
      `${HEADER}\n1,TCS,BUY,10,100,2024-01-05T10:00:00Z\n2,TCS,SELL,10,110,2024-01-06T10:00:00Z\n3,TCS,BUY,10,90,2024-01-07T10:00:00Z\n`,
    );
    await db.json('order', 'import', path, '--as', 'trades', '--user', user);
    const placed = await trade(await trader(), 'BUY 10 at 100');
    await db.refused(`fill correct ${placed} --at 2024-01-05T11:00:00Z --reason r --yes`, {
      code: 2,
      stderr: 'was placed at',
    });
    const first = (await db.json<{ fill_id: string }[]>('fill', 'list', '--user', user)).at(-1);
    expect(await correct(String(first?.fill_id), '--at', '2024-01-08T10:00:00Z')).toMatchObject({
      credited: '100.00',
    });
    expect(await bookOf(user)).toEqual({
      capital: '1000200.00',
      positions: ['SHORT 0 at 110, realized 200, CLOSED', 'LONG 10 at 100, realized 0, OPEN'],
    });
    await sound();
  });

  it('takes an execution that moved no money out of the count of its session, too', async () => {
    const user = await trader();
    await db.json('session', 'start', user);
    const fill = await trade(user, 'BUY 10 at 100');
    await bust(fill);
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({ successful_orders: 0 });
    const again = await trade(user, 'BUY 10 at 100');
    await correct(again, '--price', '100');
    await trade(user, 'BUY 10 at 100');
    await bust(again);
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({ successful_orders: 1 });
    await sound();
  });

  it('moves strategy and sessions, ended ones and the capital that later ones began with', async () => {
    const user = await trader();
    await given.strategy(db, 'rsi');
    await db.json('strategy', 'activate', 'rsi', '--user', user);
    const order = async (side: string) => given.order(db, { user, side, quantity: 10, strategy: 'rsi' });
    await db.json('session', 'start', '--user', user);
    await trade(user, 'BUY 10 at 100', await order('BUY'));
    await db.json('session', 'end', '--user', user);
    await db.json('session', 'start', '--user', user);
    const wrong = await trade(user, 'SELL 10 at 1100', await order('SELL'));
    await db.json('session', 'end', '--user', user);
    await db.json('session', 'start', '--user', user);
    const sessions = async () =>
      (await db.json<Record<string, unknown>[]>('session', 'list', '--user', user))
        .reverse()
        .map(
          (s) =>
            `${s['capital_at_start']} to ${s['capital_at_end']}: ${s['total_pnl']}, ${s['successful_orders']}`,
        );
    expect(await correct(wrong, '--price', '110')).toMatchObject({ credited: '-9900.00' });
    expect(await sessions()).toEqual([
      '1000000.00 to 1000000.00: 0.00, 1',
      '1000000.00 to 1000100.00: 100.00, 1',
      '1000100.00 to null: 0.00, 0',
    ]);
    await sound();
    expect(await bust(wrong)).toMatchObject({ status: 'PENDING', credited: '-100.00' });
    await db.json('session', 'end', '--user', user);
    expect(await sessions()).toEqual([
      '1000000.00 to 1000000.00: 0.00, 1',
      '1000000.00 to 1000000.00: 0.00, 0',
      '1000000.00 to 1000000.00: 0.00, 0',
    ]);
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({ max_drawdown: 0 });
    const { rows } = await db.query('SELECT successful_orders, total_pnl FROM user_strategies');
    expect(rows).toEqual([{ successful_orders: 1, total_pnl: 0 }]);
    await sound();
  });

  it('keeps an order that was cancelled before, and one that came with it, from working', async () => {
    const user = await trader();
    const late = await given.order(db, { user, quantity: 10 });
    await db.json('order', 'cancel', late);
    const fill = await trade(user, 'BUY 10 at 100', late);
    expect(await bust(fill)).toMatchObject({ status: 'CANCELLED', filled_quantity: 0 });
    // More than an audit entry lists.
    for (const line of [
      'risk halt {}',
      'risk flatten {}',
      'order cancel --user {}',
      'user offboard {} --to',
    ]) {
      const many = await trader();
      await db.query(
        `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
         SELECT $1 || i, $1, 'TCS', 'BUY', 'LIMIT', 10, 1, 'PENDING' FROM generate_series(1001, 2001) i`,
        [many],
      );
      const answer = /^order|halt/.test(line) ? ['--yes'] : ['--confirm', many];
      const argv = [...words(line.replace('{}', many)), ...answer];
      if (line.endsWith('--to')) argv.splice(4, 0, join(folder, many));
      const { code, stderr } = await db.cli(...argv);
      expect([0, 6], `${line}: ${stderr}`).toContain(code);
      const last = await trade(many, 'BUY 10 at 100', `${many}2001`);
      expect(await bust(last)).toMatchObject({ status: 'CANCELLED' });
      await db.query('DELETE FROM orders WHERE user_id = $1 AND order_id <> $1 || 2001', [many]);
    }
    const path = join(folder, 'one.csv');
    await writeFile(path, `${HEADER}\nt1,TCS,BUY,10,100,2024-01-05T10:00:00Z\n`);
    const load = () => db.json('order', 'import', path, '--as', 'trades', '--user', user);
    await load();
    const [{ fill_id } = { fill_id: '' }] = await db.json<{ fill_id: string }[]>(
      'fill',
      'list',
      '--user',
      user,
    );
    expect(await correct(fill_id, '--quantity', '12')).toMatchObject({
      status: 'FILLED',
      filled_quantity: 12,
    });
    expect(await load()).toMatchObject({ imported: 0, rejected: 0, known: 1 });
    // Its time is corrected as well, to an earlier one, and it still came with its execution.
    await correct(fill_id, '--at', '2024-01-04T10:00:00Z');
    expect(await correct(fill_id, '--quantity', '4')).toMatchObject({ status: 'FILLED', quantity: 4 });
    await sound();
    expect(await bust(fill_id)).toMatchObject({ status: 'CANCELLED' });
    expect(await load()).toMatchObject({ imported: 0, rejected: 0, known: 1 });
    expect(await bookOf(user)).toEqual({ capital: '1000000.00', positions: [] });
    await sound();
  });

  it('leaves an imported order what it came with', async () => {
    const user = await trader();
    const path = join(folder, 'orders.csv');
    const line = (id: string, filled: string) =>
      `${user}_${id},${user},TCS,BUY,LIMIT,10,101,${filled},2024-01-05T10:00:00Z`;
    await writeFile(
      path,
      [
        'order_id,user_id,symbol,side,order_type,quantity,price,filled_quantity,filled_price,status,created_at',
        line('full', '10,100.1,FILLED'),
        line('part', '3,100.1,PARTIALLY_FILLED'),
      ].join('\n'),
    );
    await db.json('order', 'import', path, '--as', 'orders', '--keep-going');
    const fill = async (id: string, quantity: string, ...more: string[]) => {
      const argv = ['order', 'fill', `${user}_${id}`, '--quantity', quantity, '--price', '100.2', ...more];
      return String((await db.json(...argv))['fill_id']);
    };
    const over = await fill('full', '5', '--allow-overfill');
    expect(await bust(over)).toMatchObject({ status: 'FILLED', filled_quantity: 10, filled_price: 100.1 });
    const rest = await fill('part', '7');
    expect(await bust(rest)).toMatchObject({
      status: 'PARTIALLY_FILLED',
      filled_quantity: 3,
      filled_price: 100.1,
    });
    await sound();
  });

  it('is done once under an idempotency key, asked for, and refused where the book is not made of executions', async () => {
    const user = await trader();
    const fill = await trade(user, 'BUY 10 at 100');
    await db.refused(`fill bust ${fill} --reason r`, { code: 4 });
    await db.refused('fill bust fil_none --reason r --yes', { code: 3, error: 'FILL_NOT_FOUND' });
    await db.refused(`fill correct ${fill} --reason r --yes`, { code: 2 });
    await db.refused(`fill correct ${fill} --at 2999-01-01 --reason r --yes`, { code: 2 });
    await db.query('UPDATE positions SET quantity = 25 WHERE user_id = $1', [user]);
    await db.refused(`fill bust ${fill} --reason r --yes`, {
      code: 5,
      error: 'LEDGER_INCONSISTENT',
      stderr: 'holds LONG 25, the executions that are here make 10',
    });
    await db.query('UPDATE positions SET quantity = 10 WHERE user_id = $1', [user]);
    const dry = await db.cli(...words(`fill bust ${fill} --reason r --yes --dry-run`));
    expect(dry.code).toBe(0);
    expect((await bookOf(user)).positions).toHaveLength(1);
    const line = words(`fill bust ${fill} --reason r --yes --idempotency-key k1`);
    const first = await db.json(...line);
    expect(await db.json(...line)).toEqual(first);
    await sound();
  });

  it('keeps a price that was marked after the last execution', async () => {
    const user = await trader();
    await trade(user, 'BUY 10 at 100');
    const second = await trade(user, 'BUY 10 at 200');
    await db.json('position', 'mark', 'TCS=170');
    await bust(second);
    const { rows } = await db.query(
      "SELECT current_price, unrealized_pnl FROM positions WHERE user_id = $1 AND status = 'OPEN'",
      [user],
    );
    expect(rows).toEqual([{ current_price: 170, unrealized_pnl: 700 }]);
    await sound();
  });

  it.each([
    // A true loss of 6 %, made good, and the same loss by mistake.
    [
      ['SELL 10 at 400', 'BUY 10 at 400', 'SELL 10 at 1000', 'BUY 10 at 1000', 'SELL 10 at 400'],
      { peak_equity: '100000.00', max_drawdown: 6 },
    ],
    // A true peak of 110,000, a loss, and a gain by mistake.
    [
      ['SELL 10 at 2000', 'BUY 10 at 2000', 'SELL 10 at 1040', 'BUY 10 at 1040', 'SELL 10 at 2040'],
      { peak_equity: '110000.00', max_drawdown: (9_600 / 110_000) * 100 },
    ],
  ])('keeps the peak and the drawdown that the other executions prove: %s', async (trades, extremes) => {
    const user = await given.user(db, `trader_${++users}`, { capital: 100_000 });
    await db.json('session', 'start', '--user', user);
    await trade(user, 'BUY 10 at 1000');
    let last = '';
    for (const terms of trades) last = await trade(user, terms);
    await correct(last, '--price', trades[2]?.split(' ')[3] ?? '');
    const { peak_equity, max_drawdown } = await db.json('session', 'show', '--user', user);
    expect({ peak_equity, max_drawdown }).toEqual({
      ...extremes,
      max_drawdown: expect.closeTo(extremes.max_drawdown, 6),
    });
    await sound();
  });

  it('leaves the book that the others make when booked alone', async () => {
    let seed = 20260131;
    const random = (below: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return Math.floor((seed / 2147483648) * below);
    };
    // The embedded engine starts anew for every command.
    const rounds = db.name === 'embedded' ? 2 : 12;
    for (let round = 0; round < rounds; round++) {
      const trades = Array.from({ length: 2 + random(14) }, (_, i) => {
        const price = (90_00 + random(20_00)) / 100;
        const minute = String(i).padStart(2, '0');
        return `r${round}-${i},TCS,${random(2) ? 'BUY' : 'SELL'},${1 + random(20)},${price},2024-01-05T10:${minute}:00Z`;
      });
      const gone = random(trades.length);
      const all = await trader();
      const others = await trader();
      const load = async (user: string, lines: readonly string[]) => {
        const path = join(folder, `${user}.csv`);
        await writeFile(path, [HEADER, ...lines].join('\n'));
        await db.json('order', 'import', path, '--as', 'trades', '--user', user);
      };
      await load(all, trades);
      await load(
        others,
        trades.filter((_, i) => i !== gone),
      );
      const { rows } = await db.query(
        'SELECT fill_id FROM order_fills JOIN orders USING (order_id) WHERE user_id = $1 AND broker_fill_id = $2',
        [all, `r${round}-${gone}`],
      );
      await bust(String(rows[0]?.['fill_id']));
      expect(await bookOf(all), trades.join('\n')).toEqual(await bookOf(others));
    }
    await sound();
  });
});
