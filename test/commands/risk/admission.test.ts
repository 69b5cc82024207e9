import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('pre-trade admission on $name', ({ open }) => {
  let db: TestDatabase;
  let user: string;
  let strategy: string;
  let n = 0;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    user = await given.user(db, `trader_${++n}`);
    strategy = '';
  });

  const rule = (type: string, value: number) =>
    db.query('INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ($1, $2, $3, $4)', [
      `${user}_${type}`,
      user,
      type,
      value,
    ]);
  const halt = (id: string | null) =>
    db.query(
      "INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) VALUES ($1, $2, 'a test', 'tester')",
      [`halt_${n}`, id],
    );
  const place = (line: string) =>
    db.cli(...words(`order place --user ${user} --json order_id,status ${strategy} ${line}`));
  /** The refusal of an order, or that it was placed. */
  const outcome = async (line: string) => {
    const { code, stdout, stderr } = await place(line);
    if (code === 0) return JSON.parse(stdout).status;
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
    const { error } = JSON.parse(stderr.split('\n').at(-2) ?? '');
    return `${error.code}: ${error.message}`;
  };

  it('takes the last order that MAX_ORDERS_PER_DAY allows, and no other; rejected ones count, yesterday’s do not', async () => {
    await rule('MAX_ORDERS_PER_DAY', 3);
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, created_at)
       VALUES ($1, $3, 'TCS', 'BUY', 'MARKET', 1, 1, 'REJECTED', now()), ($2, $3, 'TCS', 'BUY', 'MARKET', 1, 1, 'PENDING', now() - interval '25 hours')`,
      [`${user}_a`, `${user}_b`, user],
    );
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe(
      'RISK_LIMIT: MAX_ORDERS_PER_DAY: current=3 limit=3',
    );
  });

  it('takes a position up to MAX_POSITION_SIZE with what is working, and not beyond', async () => {
    await rule('MAX_POSITION_SIZE', 1_000);
    const first = await given.order(db, { user, quantity: 50, type: 'LIMIT', price: 10 });
    await given.fill(db, first, { quantity: 50, price: 10 });
    const buy = '--symbol TCS --side BUY --type LIMIT --price 10 --quantity';
    expect(await outcome(`${buy} 51`)).toBe('RISK_LIMIT: MAX_POSITION_SIZE: current=500 limit=1000');
    const { stderr } = await place(`${buy} 51`);
    expect(JSON.parse(stderr.split('\n').at(-2) ?? '').error.hint).toMatch(
      new RegExp(
        `^Refused for ${user}: BUY 51 TCS LIMIT at ₹10.00. .* ₹1,010.00, above ₹1,000.00. See: pinnacle risk list --user ${user}$`,
      ),
    );
    expect(await outcome(`${buy} 20`)).toBe('PENDING');
    expect(await outcome(`${buy} 31`)).toBe('RISK_LIMIT: MAX_POSITION_SIZE: current=700 limit=1000');
    expect(await outcome(`${buy} 30`)).toBe('PENDING');
    expect(await outcome(`${buy} 1`)).toBe('RISK_LIMIT: MAX_POSITION_SIZE: current=1000 limit=1000');
    // The other side is its own: 50 sold takes the position to nothing, 150 to as much short.
    expect(await outcome('--symbol TCS --side SELL --quantity 151')).toContain('RISK_LIMIT');
    expect(await outcome('--symbol TCS --side SELL --quantity 150')).toBe('PENDING');
    expect(await outcome('--symbol INFY --side BUY --quantity 1')).toBe(
      'RISK_LIMIT: MAX_POSITION_SIZE: cannot evaluate without a quote of the symbol (pinnacle market set INFY --ltp PRICE)',
    );
    expect(await outcome('--symbol INFY --side BUY --quantity 100 --type LIMIT --price 10')).toBe('PENDING');
  });

  it('takes no entry at MAX_DAILY_LOSS, which is what is realized today and what is not', async () => {
    await rule('MAX_DAILY_LOSS', 150);
    await given.position(db, { user, price: 100 });
    await given.position(db, { user, side: 'SELL', price: 90 });
    await given.position(db, { user, symbol: 'INFY', price: 100 });
    const lose = (rupees: number) =>
      db.query("UPDATE positions SET unrealized_pnl = $1 WHERE user_id = $2 AND status = 'OPEN'", [
        -rupees,
        user,
      ]);
    await lose(49.99);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
    await lose(50);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe(
      'RISK_LIMIT: MAX_DAILY_LOSS: current=150 limit=150',
    );
    await db.query(
      `UPDATE order_fills f SET executed_at = executed_at - interval '25 hours'
       FROM orders o WHERE o.order_id = f.order_id AND o.user_id = $1`,
      [user],
    );
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
  });

  it('takes no entry below MIN_CAPITAL_THRESHOLD', async () => {
    await rule('MIN_CAPITAL_THRESHOLD', 999_900);
    await given.position(db, { user, price: 100 });
    const lose = (rupees: number) =>
      db.query("UPDATE positions SET unrealized_pnl = $1 WHERE user_id = $2 AND status = 'OPEN'", [
        -rupees,
        user,
      ]);
    await lose(100);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
    await lose(100.01);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe(
      'RISK_LIMIT: MIN_CAPITAL_THRESHOLD: current=999899.99 limit=999900',
    );
  });

  it('takes no entry at MAX_DRAWDOWN, nor where there is no session to measure it by', async () => {
    await rule('MAX_DRAWDOWN', 10);
    await rule('MAX_ORDERS_PER_DAY', 1);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe(
      `RISK_LIMIT: MAX_DRAWDOWN: cannot evaluate without an active session (pinnacle session start ${user})`,
    );
    await db.query(
      `INSERT INTO trading_sessions (session_id, user_id, capital_at_start, max_drawdown) VALUES ($1, $1, 1000000, 9.99)`,
      [user],
    );
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
    await db.query('UPDATE trading_sessions SET max_drawdown = 10 WHERE session_id = $1', [user]);
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe(
      'RISK_LIMIT: MAX_DRAWDOWN: current=10 limit=10\nMAX_ORDERS_PER_DAY: current=1 limit=1',
    );
  });

  it('lets an order that only reduces pass halts, strategies and rules', async () => {
    const id = await given.strategy(db, `s_${user}`);
    strategy = `--strategy ${id}`;
    await db.json(...words(`strategy activate ${id} --user ${user}`));
    await given.position(db, { user, strategy: id, price: 100 });
    await db.query("UPDATE user_strategies SET status = 'PAUSED' WHERE user_id = $1", [user]);
    await rule('MAX_DRAWDOWN', 10);
    await rule('MAX_POSITION_SIZE', 1);
    expect(await outcome('--symbol TCS --side SELL --quantity 1')).toBe('PENDING');
    await halt(user);
    expect(await outcome('--symbol TCS --side SELL --quantity 3')).toBe('PENDING');
    // Four of ten are on their way out: seven more would turn the position round.
    expect(await outcome('--symbol TCS --side SELL --quantity 7')).toContain('TRADING_HALTED');
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toContain('TRADING_HALTED');
    expect(await outcome('--symbol TCS --side SELL --quantity 6')).toBe('PENDING');
    await db.query('UPDATE orders SET status = $1 WHERE user_id = $2 AND status = $3', [
      'CANCELLED',
      user,
      'PENDING',
    ]);
    strategy = '';
    expect(await outcome('--symbol TCS --side SELL --quantity 1')).toContain('TRADING_HALTED');
    strategy = `--strategy ${id}`;
    await rule('MAX_ORDERS_PER_DAY', 4);
    expect(await outcome('--symbol TCS --side SELL --quantity 10')).toBe('PENDING');
    expect(await outcome('--symbol TCS --side SELL --quantity 1')).toContain('TRADING_HALTED');
  });

  it('says since when, why and how to go on while trading is halted for everyone', async () => {
    await halt(null);
    const line = `order place --user ${user} --symbol TCS --side BUY --quantity 1`;
    const { message, hint } = await db.refused(line, { code: 5 });
    expect(message).toMatch(/^Trading is halted for everyone since \d{4}-.*Z by tester: a test$/);
    expect(hint).toContain('pinnacle risk resume --all --reason "reviewed" --confirm all');
    await db.query("UPDATE trading_halts SET resumed_by = 'x', resumed_reason = 'y', resumed_at = now()");
    expect(await outcome('--symbol TCS --side BUY --quantity 1')).toBe('PENDING');
  });
});
