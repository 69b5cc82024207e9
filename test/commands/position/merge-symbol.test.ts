import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, sampled, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';

describe.each(databases)('old and new names of a symbol on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let users = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-merge-'));
    await db.json(...words('symbol alias SOON LATER --from 2999-01-01'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const trader = () => given.user(db, `trader_${++users}`);
  /** Books trades before there is an alias: `OLD BUY 10 at 100`, one an hour, those of each name from a file of its own. */
  const book = async (user: string, trades: readonly string[], rename = (symbol: string) => symbol) => {
    const lines = trades.map((trade, i) => {
      const [symbol = '', side, quantity, , price] = trade.split(' ');
      const at = new Date(Date.UTC(2026, 0, 5, i)).toISOString();
      return `${user}-${i},${rename(symbol)},${side},${quantity},${price},${at}`;
    });
    for (const name of new Set(lines.map((line) => line.split(',')[1]))) {
      const path = join(folder, `${user}-${name}.csv`);
      await writeFile(path, [HEADER, ...lines.filter((line) => line.split(',')[1] === name), ''].join('\n'));
      await db.json('order', 'import', path, '--as', 'trades', '--user', user);
    }
  };
  const merge = (user: string, ...flags: string[]) =>
    db.json<Record<string, unknown>[]>(...words(`position merge-symbol OLD --user ${user} --yes`), ...flags);
  const withAlias = async <T>(work: () => Promise<T>): Promise<T> => {
    await db.json(...words('symbol alias OLD NEW'));
    return work().finally(() => db.json(...words('symbol unalias OLD')));
  };
  const POSITION =
    'symbol, strategy_id, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl, status, opened_at, closed_at';
  const FILLED = 'EXISTS (SELECT FROM order_fills f WHERE p.position_id IN (f.position_id, f.flipped_to))';
  /** The book of a user without ids: the same for two users with the same trades. */
  const bookOf = async (user: string) => {
    const of = async (query: string) => (await db.query(query, [user])).rows;
    return {
      capital: await of('SELECT total_capital FROM users WHERE user_id = $1'),
      positions: await of(
        `SELECT ${POSITION} FROM positions p WHERE user_id = $1 AND ${FILLED} ORDER BY opened_at, symbol`,
      ),
      fills: await of(
        `SELECT o.symbol, o.side, f.quantity, f.price, f.realized_pnl FROM order_fills f JOIN orders o USING (order_id)
         WHERE o.user_id = $1 ORDER BY f.executed_at`,
      ),
    };
  };
  /** Everything that a merge may write, with ids. */
  const rowsOf = async (user: string) => {
    const of = async (query: string) => (await db.query(query, [user])).rows;
    return {
      book: await bookOf(user),
      positions: await of(
        `SELECT position_id, order_id, marked_at, ${POSITION} FROM positions p WHERE user_id = $1 AND ${FILLED} ORDER BY position_id`,
      ),
      fills: await of(
        'SELECT f.* FROM order_fills f JOIN orders o USING (order_id) WHERE o.user_id = $1 ORDER BY f.seq',
      ),
      orders: await of('SELECT * FROM orders WHERE user_id = $1 ORDER BY order_id'),
      strategies: await of(
        'SELECT strategy_id, total_pnl, successful_orders FROM user_strategies WHERE user_id = $1 ORDER BY strategy_id',
      ),
      sessions: await of(
        'SELECT session_id, total_pnl, capital_at_start, capital_at_end FROM trading_sessions WHERE user_id = $1',
      ),
    };
  };
  const sound = async (user: string) => {
    const { code, stdout } = await db.cli('doctor', 'ledger', '--user', user);
    expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
  };

  it('are one share after the merge: the phantom short is gone, and the profit is there', async () => {
    const user = await trader();
    await book(user, ['OLD BUY 10 at 100', 'NEW SELL 10 at 130']);
    expect((await bookOf(user)).positions).toMatchObject([
      { symbol: 'OLD', side: 'LONG', quantity: 10 },
      { symbol: 'NEW', side: 'SHORT', quantity: 10 },
    ]);
    const [row] = await withAlias(() => merge(user));
    expect(row).toMatchObject({
      user_id: user,
      old_symbol: 'OLD',
      new_symbol: 'NEW',
      orders: 1,
      executions: 1,
      positions: 2,
      credited: '300.00',
    });
    expect(await bookOf(user)).toMatchObject({
      capital: [{ total_capital: '1000300.00' }],
      positions: [{ symbol: 'NEW', side: 'LONG', quantity: 0, status: 'CLOSED', realized_pnl: 300 }],
    });
    expect(await db.json('position', 'list', '--user', user)).toEqual([]);
    await sound(user);
    const [entry] = (await db.audits('position merge-symbol')).slice(-1);
    expect(entry).toMatchObject({
      target: `user ${user}`,
      body: { merge_id: row?.['merge_id'], old_symbol: 'OLD', new_symbol: 'NEW', credited: '300.00' },
    });
    expect(await withAlias(() => merge(user))).toEqual([]);
    expect(await db.audits('position merge-symbol')).toHaveLength(1);
  });

  const SEEDS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  it.each(sampled(SEEDS, 1))(
    'make the book of a file with one name, and come apart again as they were: %i',
    async (seed) => {
      let state = seed * 7919;
      const random = (below: number) => {
        state = (state * 48_271) % 2_147_483_647;
        return state % below;
      };
      const trades = Array.from({ length: 14 }, () => {
        const symbol = random(2) === 0 ? 'OLD' : 'NEW';
        return `${symbol} ${random(2) === 0 ? 'BUY' : 'SELL'} ${1 + random(9)} at ${100 + random(2_000) / 20}`;
      });
      const user = await trader();
      const reference = await trader();
      await book(user, trades);
      await book(reference, trades, () => 'NEW');
      const before = await rowsOf(user);
      const [row] = await withAlias(() => merge(user));
      expect(await bookOf(user)).toEqual(await bookOf(reference));
      await sound(user);
      await db.json('position', 'unmerge-symbol', String(row?.['merge_id']), '--yes');
      expect(await rowsOf(user)).toEqual(before);
      await sound(user);
    },
  );

  it('keep what was marked, the strategies apart, and the running session right', async () => {
    const user = await trader();
    for (const strategy of ['s1', 's2']) {
      await given.strategy(db, strategy);
      await db.json(...words(`strategy activate ${strategy} --user ${user} --allocation 1000`));
    }
    await db.json('session', 'start', '--user', user);
    const at = { user, quantity: 10 };
    await given.position(db, { ...at, symbol: 'OLD', price: 100, strategy: 's1' });
    await given.position(db, { ...at, symbol: 'NEW', price: 120, strategy: 's1' });
    await given.position(db, { ...at, symbol: 'NEW', quantity: 1, price: 100, strategy: 's2' });
    await given.position(db, { ...at, symbol: 'OLD', price: 100 });
    await given.position(db, { ...at, symbol: 'NEW', side: 'SELL', quantity: 4, price: 110 });
    await db.json(...words('position mark OLD=125 NEW=125'));
    const before = await rowsOf(user);
    const [row] = await withAlias(() => merge(user));
    expect(row).toMatchObject({ executions: 2, credited: '40.00' });
    const open = await db.json<Record<string, unknown>[]>('position', 'list', '--user', user);
    expect(open.sort((one, other) => Number(one['quantity']) - Number(other['quantity']))).toMatchObject([
      { symbol: 'NEW', strategy_id: 's2', quantity: 1, unrealized_pnl: '25.00' },
      { symbol: 'NEW', strategy_id: null, quantity: 6, average_price: 100, unrealized_pnl: '150.00' },
      { symbol: 'NEW', strategy_id: 's1', quantity: 20, average_price: 110, unrealized_pnl: '300.00' },
    ]);
    expect(await db.json('session', 'show', '--user', user)).toMatchObject({ total_pnl: '40.00' });
    await sound(user);
    await db.json('position', 'unmerge-symbol', String(row?.['merge_id']), '--user', user, '--yes');
    expect(await rowsOf(user)).toEqual(before);
    await sound(user);
  });

  it('keep a mark that a client whose clock is behind gave after the merge', async () => {
    const user = await trader();
    await given.position(db, { user, symbol: 'OLD', quantity: 10, price: 100 });
    await given.position(db, { user, symbol: 'NEW', quantity: 4, price: 110 });
    const [row] = await withAlias(() => merge(user));
    const behind = { now: new Date(Date.now() - 120_000) };
    expect(await db.cliWith(behind, ...words('position mark NEW=120'))).toMatchObject({ code: 0 });
    await db.json('position', 'unmerge-symbol', String(row?.['merge_id']), '--yes');
    expect(await db.json('position', 'list', '--user', user)).toMatchObject([
      { symbol: 'NEW', current_price: 120 },
      { symbol: 'OLD', current_price: 120 },
    ]);
  });

  it('stay apart while an order works, without an alias, before its day, and in a dry run', async () => {
    const user = await trader();
    await book(user, ['OLD BUY 10 at 100', 'NEW SELL 10 at 130']);
    const before = await rowsOf(user);
    const line = `position merge-symbol OLD --user ${user} --yes`;
    await db.refused(line, { code: 3, error: 'SYMBOL_ALIAS_NOT_FOUND', stderr: /symbol alias OLD NEW/ });
    await db.refused(`position merge-symbol SOON --user ${user} --yes`, { code: 5, error: 'ALIAS_NOT_YET' });
    await db.refused(`position merge-symbol OLD --all --user ${user}`, { code: 2 });
    await db.refused('position merge-symbol OLD', { code: 2 });
    await db.refused('position unmerge-symbol mrg_none --yes', { code: 3, error: 'MERGE_NOT_FOUND' });
    await withAlias(async () => {
      await db.refused(line.replace(' --yes', ''), { code: 4 });
      await db.refused(line.replace(user, 'nobody'), { code: 3, error: 'USER_NOT_FOUND' });
      expect(await merge(user, '--dry-run')).toMatchObject([{ credited: '300.00' }]);
      expect(await rowsOf(user)).toEqual(before);
      const order = await given.order(db, { user, symbol: 'OLD', type: 'LIMIT', price: 90 });
      await db.refused(line, { code: 5, error: 'ORDER_STATE', stderr: order });
      await db.json('order', 'cancel', order, '--yes');
      expect(await merge(user)).toMatchObject([{ orders: 2, executions: 1 }]);
      expect(await db.json('order', 'show', order)).toMatchObject({ symbol: 'NEW', status: 'CANCELLED' });
    });
    await sound(user);
  });

  it('are not told apart again once something was booked on top', async () => {
    const user = await trader();
    await book(user, ['OLD BUY 10 at 100', 'NEW SELL 4 at 130']);
    const [row] = await withAlias(() => merge(user));
    const undo = `position unmerge-symbol ${row?.['merge_id']} --yes`;
    const order = await given.order(db, { user, symbol: 'NEW', side: 'SELL', quantity: 1 });
    const { fill_id } = await db.json(...words(`order fill ${order} --quantity 1 --price 140`));
    await db.refused(undo, { code: 5, error: 'MERGE_BUILT_ON', stderr: /1 execution/ });
    await db.json(...words(`fill bust ${fill_id} --reason r --yes`));
    await db.json('order', 'cancel', order, '--yes');
    expect(await db.json(...words(undo))).toMatchObject([{ executions: 1, credited: '-120.00' }]);
    await db.refused(undo, { code: 3, error: 'MERGE_NOT_FOUND' });
    await sound(user);
  });

  it('are taken back in the order of the merges, orders without an execution as well', async () => {
    const user = await trader();
    const order = await given.order(db, { user, symbol: 'OLD', type: 'LIMIT', price: 90 });
    await db.json('order', 'cancel', order, '--yes');
    const symbol = async () => (await db.json('order', 'show', order))['symbol'];
    const [first] = await withAlias(() => merge(user));
    await db.json(...words('symbol alias NEW NEWEST'));
    const [second] = await db.json<Record<string, unknown>[]>(
      ...words(`position merge-symbol NEW --user ${user} --yes`),
    );
    await db.json(...words('symbol unalias NEW'));
    const undo = (row: typeof first) => `position unmerge-symbol ${row?.['merge_id']} --yes`;
    await db.refused(undo(first), { code: 5, error: 'MERGE_BUILT_ON', stderr: /merged into NEWEST/ });
    expect(await symbol()).toBe('NEWEST');
    for (const row of [second, first])
      expect(await db.json(...words(undo(row)))).toMatchObject([{ orders: 1 }]);
    expect(await symbol()).toBe('OLD');
  });

  it('are merged for everyone, each user in a transaction, and taken back for one', async () => {
    const first = await trader();
    const second = await trader();
    const trades = ['OLD BUY 10 at 100', 'NEW SELL 10 at 130'];
    await book(first, trades);
    await book(second, trades);
    const everyone = 'position merge-symbol OLD --all --yes';
    const rows = await withAlias(() => db.json<Record<string, unknown>[]>(...words(everyone)));
    const mine = rows.filter(({ user_id }) => user_id === first || user_id === second);
    expect(mine).toMatchObject([{ credited: '300.00' }, { credited: '300.00' }]);
    const undo = ['position', 'unmerge-symbol', String(mine[0]?.['merge_id']), '--yes'];
    expect(await db.json(...undo, '--user', first)).toMatchObject([{ user_id: first, credited: '-300.00' }]);
    expect((await bookOf(first)).positions).toHaveLength(2);
    expect((await bookOf(second)).positions).toHaveLength(1);
    await sound(first);
    await sound(second);
  });
});
