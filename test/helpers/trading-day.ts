import { expect } from 'vitest';
import type { TestDatabase } from './databases.ts';
import type { FastClock } from './fast-clock.ts';
import { runSql } from './postgres.ts';
import { start } from './process.ts';
import { words } from './words.ts';

export const TRADERS = ['asha', 'ravi', 'meera', 'kiran', 'idle'] as const;
export const SYMBOLS = ['TCS', 'ITC', 'INFY'] as const;
/** Nobody of these has anything on the day but what the last one does. */
const TRADING = TRADERS.slice(0, -1);

/** So much happens however slow the machine is. */
const LEAST_STEPS = 10;

interface Place {
  db: TestDatabase;
  clock: FastClock;
  /** Of processes that live by the clock. */
  env: Record<string, string>;
  /** The times of quotes in Redis, by symbol. */
  quotes: Map<string, Date>;
}

/** Commands of a day, one after the other and some as processes at once, until a time. */
export function tradingDay({ db, clock, env, quotes }: Place) {
  const random = seeded(7);
  const any = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  const price = () => (100 + Math.floor(random() * 400) / 20).toFixed(2);
  const url = db.env['DATABASE_URL'] ?? '';
  const count = new Map<string, number>();
  let orders = 0;

  /** Runs a command, which may end with one of these codes: 3 where nobody has a position, 5 where a trader is halted, 6 with findings. */
  const run = async (line: string, ...codes: number[]) => {
    const noun = words(line).slice(0, 2).join(' ');
    const { code, stderr } = await db.cli(...words(line));
    expect({ line, code, stderr: [0, ...codes].includes(code) ? '' : stderr }).toEqual({
      line,
      code: [0, ...codes].includes(code) ? code : 0,
      stderr: '',
    });
    count.set(noun, (count.get(noun) ?? 0) + 1);
  };
  const working = async (condition = 'true') =>
    runSql(
      url,
      `SELECT order_id, quantity - filled_quantity AS open FROM orders
       WHERE status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED') AND ${condition} ORDER BY order_id`,
    );
  const one = async (condition?: string) =>
    any(await working(condition)) as Record<string, unknown> | undefined;
  const order = () => {
    const strategy = random() < 0.4 ? ' --strategy breakout' : '';
    const kind = random() < 0.2 ? '--type MARKET' : `--type LIMIT --price ${price()}`;
    return `order place --order-id o${++orders} --user ${any(TRADING)} --symbol ${any(SYMBOLS)} --side ${any(['BUY', 'SELL'])} --quantity ${1 + Math.floor(random() * 20)} ${kind}${strategy}`;
  };
  const fill = async () => {
    const found = await one();
    if (found === undefined) return;
    const open = Number(found['open']);
    await run(
      `order fill ${found['order_id']} --quantity ${random() < 0.5 ? open : Math.ceil(open / 2)} --price ${price()}`,
    );
  };
  const STEPS: readonly (() => Promise<void>)[] = [
    () => run(order(), 5),
    async () => {
      const symbol = any(SYMBOLS);
      await run(`market set ${symbol} --ltp ${price()}`);
      const [quote] = await db.json<{ timestamp: string }[]>('market', 'get', symbol);
      quotes.set(symbol, new Date(quote?.timestamp ?? ''));
    },
    fill,
    () => run(order(), 5),
    fill,
    () => run(`position mark ${any(SYMBOLS)}=${price()}`, 3),
    async () => {
      const found = await one("status = 'PENDING'");
      if (found) await run(`order accept ${found['order_id']} --broker-order-id b-${found['order_id']}`);
    },
    () =>
      run(
        `notification send --user ${any(TRADING)} --type RISK_ALERT --level ${any(['INFO', 'WARNING', 'ERROR', 'CRITICAL'])} --title "Look at it" --message "Number ${orders}"`,
      ),
    () => run(order(), 5),
    fill,
    async () => {
      const found = await one("status = 'PENDING'");
      if (found) await run(`order reject ${found['order_id']} --reason margin`);
    },
    () => run('risk check', 6),
    fill,
    async () => {
      if ((await working()).length > 12) await run(`order cancel ${(await one())?.['order_id']}`);
    },
    async () => {
      const user = any(TRADING);
      await run(`risk halt ${user} --reason "Number ${orders}" --yes`);
    },
    fill,
    async () => {
      const [halt] = await runSql(
        url,
        'SELECT user_id FROM trading_halts WHERE resumed_at IS NULL ORDER BY halted_at LIMIT 1',
      );
      if (halt) await run(`risk resume ${halt['user_id']} --reason seen --confirm ${halt['user_id']}`);
    },
    () => run(`charges book --user ${any(TRADING)}`, 6),
    async () => {
      const [unread] = await runSql(
        url,
        'SELECT notification_id FROM notifications WHERE read_at IS NULL ORDER BY random() LIMIT 1',
      );
      if (unread) await run(`notification read ${unread['notification_id']}`);
    },
  ];
  let next = 0;

  return {
    /** What is there before anybody trades. */
    async begin() {
      for (const user of TRADING) {
        await run(`session start ${user}`);
        await run(`risk set ${user} MAX_DRAWDOWN 0.05`);
        await run(`risk set ${user} MAX_ORDERS_PER_DAY 500`);
      }
    },
    async trade(until: Date) {
      // Processes of their own, at the same time as the rest.
      const processes = [order(), order()].map((line) => start({ ...db.env, ...env }, ...words(line)).ended);
      for (let step = 0; step < LEAST_STEPS || clock.now() < until; step++) {
        await STEPS[next++ % STEPS.length]?.();
      }
      for (const { code, stderr } of await Promise.all(processes))
        expect({ code, stderr }).toEqual({
          code: code === 5 ? 5 : 0,
          stderr: code === 5 ? stderr : expect.any(String),
        });
    },
    /** How many commands of which kind have been run. */
    done: () => [...count].map(([what, many]) => `${what} ${many}`).join(', '),
  };
}

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
