import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { INVARIANTS } from '../../../src/trading/ledger/invariants.ts';
import { type DatabaseKind, databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = { check: string; state: string; id: string | null; detail: string };

/** A small book with a bit of everything: a session, a strategy, a flip, a partial fill, a late one, a rejection. */
async function keepBook(db: TestDatabase): Promise<void> {
  await given.user(db);
  await given.strategy(db, 'rsi');
  await db.query(
    "INSERT INTO trading_sessions (session_id, user_id, capital_at_start, peak_equity) VALUES ('ses', 'trader_001', 1000000, 1000000)",
  );
  const lines = `
    strategy activate rsi --user trader_001
    order place --order-id a --user trader_001 --symbol TCS --side BUY --quantity 10 --strategy rsi
    order fill a --quantity 10 --price 100.1
    order place --order-id b --user trader_001 --symbol TCS --side SELL --quantity 15 --strategy rsi
    order fill b --quantity 15 --price 103.3
    order place --order-id c --user trader_001 --symbol INFY --side BUY --quantity 20
    order fill c --quantity 5 --price 1500
    order cancel c
    order fill c --quantity 5 --price 1501
    user deposit trader_001 1000
    user withdraw trader_001 500
    user deposit trader_001 70 --reference wrong
    order place --order-id d --user trader_001 --symbol ITC --side BUY --quantity 1
    order reject d --reason margin
    position mark INFY=1501 TCS=103.3`;
  const trades =
    'trade_id,symbol,side,quantity,price,executed_at\nw1,WIPRO,BUY,10,100,2026-01-05T10:00:00+05:30\n';
  await db.cliWith({ stdin: trades }, ...words('order import - --as trades --user trader_001'));
  for (const line of lines.trim().split('\n')) await db.json(...words(line));
  for (const terms of [
    'split WIPRO --ex-date 2026-01-06 --ratio 4:3 --cash-price 75',
    'demerger WIPRO --ex-date 2026-01-06 --ratio 1:1 --to WIPROX --cost-percent 10',
    'merger WIPROX --ex-date 2026-01-07 --ratio 1:1 --to WIPROY',
  ]) {
    const { action_id } = await db.json(...words(`corporate-action add ${terms}`));
    await db.json('corporate-action', 'apply', String(action_id), '--yes');
  }
  const { rows } = await db.query("SELECT flow_id FROM cash_flows WHERE reference = 'wrong'");
  await db.json('user', 'reverse-flow', String(rows[0]?.['flow_id']), '--reason', 'never arrived', '--yes');
  await db.json('position', 'mark', 'WIPRO=70', 'WIPROY=8');
  await db.json('report', 'snapshot');
}

/** A change of the movements of money, which a trigger refuses to everybody. */
const spoilFlows = (sql: string) => `ALTER TABLE cash_flows DISABLE TRIGGER cash_flows_append_only; ${sql}`;

/** A way to spoil the book, the checks that must notice, all of them and no others, and what the first must name. */
type Spoiling = [checks: string, sql: string, id: RegExp];

const SPOILINGS: Spoiling[] = [
  ['order_filled audit_orders', "UPDATE orders SET filled_quantity = 6 WHERE order_id = 'c'", /^c$/],
  [
    'order_filled audit_orders',
    "UPDATE orders SET filled_price = filled_price + 0.001 WHERE order_id = 'a'",
    /^a$/,
  ],
  [
    'order_state strategy_totals audit_orders',
    "UPDATE orders SET status = 'PARTIALLY_FILLED' WHERE order_id = 'a'",
    /^a$/,
  ],
  ['order_state audit_orders', "UPDATE orders SET status = 'PLACED' WHERE order_id = 'c'", /^c$/],
  ['order_state audit_orders', "UPDATE orders SET status = 'FILLED' WHERE order_id = 'c'", /^c$/],
  ['order_state session_totals audit_orders', "UPDATE orders SET quantity = 10 WHERE order_id = 'c'", /^c$/],
  [
    'order_time audit_orders',
    "UPDATE orders SET created_at = now() + interval '2 days', updated_at = now() + interval '2 days' WHERE order_id = 'd'",
    /^d$/,
  ],
  ['order_overfill audit_orders', "UPDATE orders SET quantity = 9 WHERE order_id = 'a'", /^a$/],
  [
    'position_quantity position_unrealized',
    "UPDATE positions SET quantity = quantity + 1 WHERE symbol = 'INFY'",
    /^pos_/,
  ],
  [
    'position_quantity',
    "UPDATE positions SET side = 'LONG' WHERE symbol = 'TCS' AND status = 'OPEN'",
    /^pos_/,
  ],
  [
    'position_quantity order_filled equity_snapshots',
    "DELETE FROM order_fills WHERE order_id = 'c'",
    /^pos_/,
  ],
  ['position_quantity audit_fills', "UPDATE order_fills SET flipped_to = NULL WHERE order_id = 'b'", /^pos_/],
  ['position_owner', "UPDATE positions SET symbol = 'HDFC' WHERE symbol = 'INFY'", /^fil_/],
  [
    'position_owner',
    "UPDATE positions SET strategy_id = NULL WHERE symbol = 'TCS' AND status = 'OPEN'",
    /^fil_/,
  ],
  [
    'position_state',
    `ALTER TABLE positions DROP CONSTRAINT positions_status_agrees;
     UPDATE positions SET status = 'CLOSED' WHERE symbol = 'INFY'`,
    /^pos_/,
  ],
  [
    'position_state',
    `ALTER TABLE positions DROP CONSTRAINT positions_status_agrees;
     UPDATE positions SET closed_at = now() WHERE symbol = 'INFY'`,
    /^pos_/,
  ],
  [
    'position_state position_unrealized',
    "UPDATE positions SET unrealized_pnl = 1 WHERE status = 'CLOSED'",
    /^pos_/,
  ],
  [
    'position_one_open position_quantity',
    `DROP INDEX positions_one_open;
     INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
     VALUES ('pos_2', 'trader_001', 'INFY', 'LONG', 1, 1, 1)`,
    /^pos_/,
  ],
  ['position_unrealized', "UPDATE positions SET current_price = 1502 WHERE symbol = 'INFY'", /^pos_/],
  [
    'position_realized',
    "UPDATE positions SET realized_pnl = realized_pnl + 0.01 WHERE status = 'CLOSED'",
    /^pos_/,
  ],
  ['capital', 'UPDATE users SET total_capital = total_capital - 0.01', /^trader_001$/],
  [
    'capital flow_corrections',
    spoilFlows("DELETE FROM cash_flows WHERE reference = 'wrong'"),
    /^trader_001$/,
  ],
  [
    'flow_corrections capital audit_flows',
    spoilFlows("UPDATE cash_flows SET amount = -71 WHERE kind = 'correction'"),
    /^flo_/,
  ],
  [
    'flow_corrections audit_flows',
    spoilFlows("UPDATE cash_flows SET day = day - 1 WHERE kind = 'correction'"),
    /^flo_/,
  ],
  ['audit_flows', spoilFlows("UPDATE cash_flows SET reason = 'x' WHERE kind = 'withdrawal'"), /^flo_/],
  [
    'action_shares position_quantity audit_actions',
    'UPDATE corporate_action_effects SET shares = 4 WHERE shares = 3',
    /^act_.*\/pos_/,
  ],
  [
    'action_shares audit_actions',
    'UPDATE corporate_action_effects SET fraction = 2 WHERE shares = 3',
    /^act_/,
  ],
  ['action_cost audit_actions', 'UPDATE corporate_action_effects SET cost = cost + 1 WHERE opened', /^act_/],
  ['action_merged', "UPDATE positions SET average_price = 9 WHERE symbol = 'WIPROX'", /^act_.*\/pos_/],
  ['action_cash audit_actions', 'UPDATE corporate_action_effects SET cash = 26 WHERE shares = 3', /^act_/],
  [
    'action_state position_quantity action_cost audit_actions',
    'UPDATE corporate_action_effects SET reversed_at = now() WHERE opened',
    /^act_/,
  ],
  ['audit_actions', 'UPDATE corporate_action_effects SET tds = 1 WHERE opened', /^act_/],
  ['strategy_totals', 'UPDATE user_strategies SET total_orders = 3', /^trader_001\/rsi$/],
  ['strategy_totals', 'UPDATE user_strategies SET successful_orders = 1', /^trader_001\/rsi$/],
  ['strategy_totals', 'UPDATE user_strategies SET total_pnl = total_pnl + 0.01', /^trader_001\/rsi$/],
  ['session_totals', 'UPDATE trading_sessions SET total_pnl = total_pnl - 0.01', /^ses$/],
  ['session_totals', 'UPDATE trading_sessions SET successful_orders = 3', /^ses$/],
  [
    'session_totals',
    `UPDATE trading_sessions
     SET status = 'COMPLETED', end_time = now(), capital_at_end = capital_at_start + total_pnl + 0.01`,
    /^ses$/,
  ],
  ['session_totals audit_fills', "UPDATE order_fills SET session_id = NULL WHERE order_id = 'b'", /^ses$/],
  ['session_state', 'UPDATE trading_sessions SET peak_equity = 1', /^ses$/],
  ['session_state', "UPDATE trading_sessions SET status = 'COMPLETED'", /^ses$/],
  ['session_state', 'UPDATE trading_sessions SET capital_at_end = 1', /^ses$/],
  ['session_state', 'UPDATE trading_sessions SET max_drawdown = -1', /^ses$/],
  [
    'session_one_active',
    `DROP INDEX trading_sessions_one_active;
     INSERT INTO trading_sessions (session_id, user_id, capital_at_start) VALUES ('ses2', 'trader_001', 1)`,
    /^trader_001$/,
  ],
  [
    'audit_users',
    "INSERT INTO users (user_id, name, email, api_key) VALUES ('ghost', 'G', 'g@example.com', 'k')",
    /^ghost$/,
  ],
  [
    'equity_snapshots',
    'UPDATE equity_snapshots SET capital = capital + 0.01',
    /^trader_001\/\d{4}-\d\d-\d\d$/,
  ],
  ['equity_snapshots', 'UPDATE equity_snapshots SET executions = executions + 1', /^trader_001/],
  ['audit_orders', "UPDATE orders SET broker_order_id = 'x' WHERE order_id = 'd'", /^d$/],
  ['audit_fills', "UPDATE order_fills SET broker_fill_id = 'x' WHERE order_id = 'a'", /^fil_/],
];

let book: TestDatabase;
beforeAll(async () => {
  book = (await databases[0]?.open()) as TestDatabase;
  await keepBook(book);
});
afterAll(() => book?.close());

describe.each(databases)('doctor ledger on $name', () => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await book.copy();
  });
  afterEach(() => db.close());

  it('finds nothing in a book that only the ledger wrote, for all and for one', async () => {
    for (const whose of [[], ['--user', 'trader_001']]) {
      const { code, stdout, stderr } = await db.cli('doctor', 'ledger', '--json', ...whose);
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'All is well with 5 orders, 5 fills and 6 positions.\n',
      });
      const rows = JSON.parse(stdout) as Row[];
      expect(rows.filter(({ state }) => state !== 'ok')).toEqual([]);
      expect(rows.map(({ check }) => check)).toEqual(INVARIANTS.map(({ name }) => name));
    }
    expect((await db.cli('doctor', 'ledger', '--user', 'nobody')).code).toBe(3);
  });

  it('names what is wrong, exits 6, and looks at one trader when asked', async () => {
    await db.query("UPDATE users SET total_capital = 5 WHERE user_id = 'trader_001'");
    await given.user(db, 'trader_002');
    const { code, stdout } = await db.cli('doctor', 'ledger', '--json');
    expect(code).toBe(6);
    const failed = (JSON.parse(stdout) as Row[]).filter(({ state }) => state === 'fail');
    expect(failed).toMatchObject([{ check: 'capital', id: 'trader_001' }]);
    expect(failed[0]?.detail).toMatch(/^5\.00, opened with 1000000\.00, credited 32\.00, moved by 525\.00$/);
    expect((await db.cli('doctor', 'ledger', '--user', 'trader_002')).code).toBe(0);
  });
});

describe.each(servers)('every check of doctor ledger on $name', ({ open }: DatabaseKind) => {
  it('has a way to fail here', () => {
    const first = SPOILINGS.map(([checks]) => checks.split(' ')[0]);
    expect(new Set(first)).toEqual(new Set(INVARIANTS.map(({ name }) => name)));
  });

  it.each(SPOILINGS)('%s notices: %s', async (checks, sql, id) => {
    const db = await book.copy();
    try {
      await db.query(sql);
      const { code, stdout } = await db.cli('doctor', 'ledger', '--json');
      expect(code).toBe(6);
      const failed = (JSON.parse(stdout) as Row[]).filter(({ state }) => state === 'fail');
      const expected = checks.split(' ');
      expect(new Set(failed.map(({ check }) => check))).toEqual(new Set(expected));
      for (const row of failed.filter(({ check }) => check === expected[0])) expect(row.id).toMatch(id);
    } finally {
      await db.close();
    }
  });

  it('names a hundred things, and how many more there are', async () => {
    const db = await open();
    try {
      await db.query(
        "INSERT INTO users (user_id, name, email, api_key) SELECT 'u' || i, 'G', i, i FROM generate_series(1, 130) i",
      );
      const { code, stdout } = await db.cli('doctor', 'ledger', '--json');
      const failed = (JSON.parse(stdout) as Row[]).filter(({ state }) => state === 'fail');
      expect({ code, rows: failed.length, last: failed.at(-1) }).toEqual({
        code: 6,
        rows: 101,
        last: { check: 'audit_users', state: 'fail', id: null, detail: 'and 30 more' },
      });
    } finally {
      await db.close();
    }
  });

  it('still finds the transactions of rows that are frozen and moved', async () => {
    const db = await book.copy();
    try {
      for (const how of ['FREEZE', 'FULL']) await db.query(`VACUUM (${how}) orders, order_fills, audit_log`);
      expect((await db.cli('doctor', 'ledger')).code).toBe(0);
      await db.query("UPDATE orders SET broker_order_id = 'x' WHERE order_id = 'd'");
      expect((await db.cli('doctor', 'ledger')).code).toBe(6);
    } finally {
      await db.close();
    }
  });

  it('answers for an older phase with the checks it has tables for', async () => {
    const db = await open(1);
    try {
      const rows = await db.json<Row[]>('doctor', 'ledger');
      expect(rows.map(({ check }) => check)).toEqual(
        INVARIANTS.filter(({ phase }) => phase === 1).map(({ name }) => name),
      );
    } finally {
      await db.close();
    }
  });
});
