import fc from 'fast-check';
import { expect } from 'vitest';
import type { CliOptions, CliResult } from '../helpers/cli.ts';
import type { DatabaseKind, TestDatabase } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';
import { type Action, type Model, newModel, type Plan, play } from './model.ts';

export type Program = (argv: readonly string[], options: CliOptions) => Promise<CliResult>;

const nat = fc.nat({ max: 30 });
const quantity = fc.integer({ min: 1, max: 20 });
const price = fc.integer({ min: 1_600, max: 2_400 }).map((ticks) => ticks / 20);
const side = fc.constantFrom('BUY' as const, 'SELL' as const);
// Mostly one symbol and the strategy, so that orders meet in a position.
const symbol = fc.nat({ max: 4 }).map((n) => (n === 0 ? 1 : 0));
const strategy = fc.nat({ max: 3 }).map((n) => n > 0);
const just = <K extends Action['do']>(what: K) => fc.constant({ do: what });

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('place' as const),
      symbol,
      side,
      quantity,
      strategy,
    }),
  },
  {
    weight: 7,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      order: nat,
      thirds: fc.integer({ min: 1, max: 4 }),
      price,
      overfill: fc.nat({ max: 9 }).map((n) => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), order: nat, other: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('cancel' as const, 'accept' as const, 'reject' as const, 'retry' as const),
      order: nat,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('amend' as const), order: nat, quantity }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mark' as const), symbol, price }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('close' as const), holding: nat, price }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('race' as const), quantity, price }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('limit' as const), value: fc.integer({ min: 3, max: 20 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('deposit' as const),
      rupees: fc.integer({ min: 1, max: 5_000_000 }).map((paisa) => paisa / 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('withdraw' as const),
      share: fc.integer({ min: 1, max: 12 }),
      force: fc.nat({ max: 5 }).map((n) => n === 0),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('again' as const, 'reverse' as const), flow: nat }),
  },
  { weight: 2, arbitrary: just('start') },
  { weight: 1, arbitrary: fc.oneof(just('end'), just('halt'), just('resume'), just('activate')) },
) as fc.Arbitrary<Action>;

/** What may be done in one book. */
export const ACTIONS = fc.array(action, { minLength: 10, maxLength: 30 });

export interface CheckOptions {
  runs: number;
  seed?: number;
  /** Whether to look for the shortest commands that fail; so it is unless said. */
  shrink?: boolean;
}

/**
 * Runs random commands against the program and the model, each on a fresh database; after every one the exit code, the
 * book and `doctor ledger` must agree. Throws with the seed and the shortest commands that do not.
 */
export async function checkAgainstModel(
  program: Program,
  { open }: DatabaseKind,
  options: CheckOptions,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(ACTIONS, async (actions) => {
      const db = await open();
      try {
        await runOne(program, db, actions);
      } finally {
        await db.close();
      }
    }),
    {
      numRuns: options.runs,
      ...(options.seed === undefined ? {} : { seed: options.seed }),
      endOnFailure: options.shrink === false,
    },
  );
}

/** The trader and the strategy of the model. */
export const SET_UP = `
  user add --user-id u --name U --email u@example.com --capital 100000 --json
  strategy add --strategy-id s --name S --description S --category c --risk-level low --min-capital 1 --expected-return 1 --max-drawdown 1 --symbols TCS --parameters {}
  strategy activate s --user u`;

async function runOne(program: Program, db: TestDatabase, actions: readonly Action[]): Promise<void> {
  const run = (line: string) => program(words(line), { env: db.env });
  const model = newModel();
  for (const line of SET_UP.trim().split('\n')) expect(await run(line)).toMatchObject({ code: 0 });
  for (const each of actions) {
    const plan = play(model, each);
    if (!plan) continue;
    await follow(plan, model, db, run);
    const doctor = await run('doctor ledger');
    expect({ after: plan.lines, code: doctor.code, found: doctor.code === 0 ? '' : doctor.stdout }).toEqual({
      after: plan.lines,
      code: 0,
      found: '',
    });
    expect({ after: plan.lines, ...(await readBook(db)) }).toEqual({
      after: plan.lines,
      ...expectedBook(model),
    });
  }
}

async function follow(
  { lines, code }: Plan,
  _model: Model,
  db: TestDatabase,
  run: (line: string) => Promise<CliResult>,
): Promise<void> {
  const rounds = lines.map((line) => line.split('\n'));
  // What comes first in each is done one after the other; what comes last, at once.
  for (const [first, last] of rounds)
    if (last !== undefined && first) expect(await run(first)).toMatchObject({ code: 0 });
  const named = await Promise.all(rounds.map((round) => nameHolding(round.at(-1) ?? '', db)));
  const results = await Promise.all(named.map(run));
  for (const [i, result] of results.entries())
    expect({ line: named[i], code: result.code, stderr: result.code === code ? '' : result.stderr }).toEqual({
      line: named[i],
      code,
      stderr: '',
    });
}

/** `{TCS/s}` stands for the id of that open position, `{flow m1}` for that of a movement of money: the program makes them up. */
export async function nameHolding(line: string, db: Pick<TestDatabase, 'query'>): Promise<string> {
  const [marked, key] = /\{(.*)\}/.exec(line) ?? [];
  if (!marked || key === undefined) return line;
  if (key.startsWith('flow ')) {
    const { rows } = await db.query('SELECT flow_id FROM cash_flows WHERE reference = $1', [key.slice(5)]);
    return line.replace(marked, String(rows[0]?.['flow_id'] ?? 'nothing'));
  }
  const { rows } = await db.query(
    "SELECT position_id FROM positions WHERE status = 'OPEN' AND symbol || '/' || coalesce(strategy_id, '') || '/' || coalesce(product, '') = $1",
    [key],
  );
  return line.replace(marked, String(rows[0]?.['position_id'] ?? 'nothing'));
}

const near = (value: number) => expect.closeTo(value, 4);
const rupees = (value: number) => expect.closeTo(value, 1);

function expectedBook(model: Model) {
  const { session, strategy } = model;
  return {
    capital: rupees(model.capital),
    orders: model.orders.map((order) => ({
      id: order.id,
      status: order.status,
      quantity: order.quantity,
      filled: order.filled,
      price: near(order.filled > 0 ? order.value / order.filled : 0),
      retries: order.retries,
    })),
    holdings: Object.fromEntries(
      [...model.holdings].map(([key, { shares, average, mark }]) => [
        key,
        { shares, average: near(average), mark, unrealized: near(shares * (mark - average)) },
      ]),
    ),
    strategy: {
      status: strategy.active ? 'ACTIVE' : 'PAUSED',
      orders: strategy.orders,
      filled: strategy.filled,
      pnl: rupees(strategy.pnl),
    },
    session: session
      ? {
          orders: session.orders,
          filled: session.filled,
          pnl: rupees(session.pnl),
          peak: rupees(session.peak),
          drawdown: expect.closeTo(session.drawdown, 3),
        }
      : null,
    ended: model.ended,
    notices: model.notices,
  };
}

async function readBook(db: TestDatabase): Promise<Record<string, unknown>> {
  const { rows } = await db.query(`
    SELECT (SELECT total_capital::float8 FROM users) AS capital,
      (SELECT coalesce(json_agg(json_build_object('id', order_id, 'status', status, 'quantity', quantity, 'filled', filled_quantity,
        'price', filled_price, 'retries', retry_count) ORDER BY length(order_id), order_id), '[]') FROM orders) AS orders,
      (SELECT coalesce(json_object_agg(symbol || '/' || coalesce(strategy_id, '') || '/' || coalesce(product, ''), json_build_object(
        'shares', CASE side WHEN 'LONG' THEN quantity ELSE -quantity END, 'average', average_price, 'mark', current_price,
        'unrealized', unrealized_pnl)), '{}') FROM positions WHERE status = 'OPEN') AS holdings,
      (SELECT json_build_object('status', status, 'orders', total_orders, 'filled', successful_orders, 'pnl', total_pnl)
        FROM user_strategies) AS strategy,
      (SELECT json_build_object('orders', total_orders, 'filled', successful_orders, 'pnl', total_pnl, 'peak', peak_equity,
        'drawdown', max_drawdown) FROM trading_sessions WHERE status = 'ACTIVE') AS session,
      (SELECT count(*)::int FROM trading_sessions WHERE status = 'COMPLETED') AS ended,
      (SELECT coalesce(json_object_agg(kind, n), '{}') FROM (SELECT notification_type || ' ' || alert_level AS kind, count(*) AS n
        FROM notifications WHERE notification_type IN ('ORDER_FILLED', 'ORDER_REJECTED') GROUP BY 1) AS told) AS notices`);
  return rows[0] as Record<string, unknown>;
}
