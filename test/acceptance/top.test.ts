import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatRupees } from '../../src/domain/money.ts';
import { findBinaries } from '../helpers/binaries.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { type LiveTerminal, startLive } from '../helpers/live-terminal.ts';
import { runSql, type Server, startServer } from '../helpers/postgres.ts';
import { findRedis, startRedis, type TestRedis } from '../helpers/redis.ts';

const WAIT = { timeout: 30_000, interval: 50 };
const TRADERS = Number(process.env['PINNACLE_TOP_TRADERS'] ?? 1_000);
/** As many looks as an hour has, in the long form. */
const LOOKS = Number(process.env['PINNACLE_TOP_LOOKS'] ?? 16);
const COSTS = [
  { interval: '1s', everyMs: 1_000, looks: Math.min(LOOKS / 2, 60) },
  { interval: '250ms', everyMs: 250, looks: LOOKS },
];
const ROUNDS = Number(process.env['PINNACLE_TOP_ROUNDS'] ?? 6);

describe.each(findBinaries() && findRedis() ? servers : [])('top on a terminal, on a $name', ({ open }) => {
  let server: Server;
  let redis: TestRedis;
  let db: TestDatabase;
  const running: LiveTerminal[] = [];
  beforeAll(async () => {
    [server, redis] = await Promise.all([startServer(), startRedis()]);
    db = await open(4, server.url);
    db.env['REDIS_URL'] = redis.url;
    for (const id of ['asha', 'ravi', 'meera']) await given.user(db, id);
  }, 120_000);
  afterEach(async () => {
    for (const each of running.splice(0)) {
      each.signal('SIGTERM');
      await each.ended.catch(() => {});
    }
  });
  afterAll(() => Promise.all([server.stop(), redis.stop()]));

  const start = (
    size: { columns?: number; rows?: number; env?: Record<string, string> },
    ...argv: string[]
  ) => {
    const terminal = startLive({ ...size, env: { ...db.env, ...size.env } }, ...argv);
    running.push(terminal);
    return terminal;
  };
  const shows = (terminal: LiveTerminal, text: string | RegExp) =>
    expect.poll(() => terminal.screen().join('\n'), WAIT).toMatch(text);
  const showsNot = (terminal: LiveTerminal, text: string) =>
    expect.poll(() => terminal.screen().join('\n'), WAIT).not.toContain(text);

  /** What the commands say of the day, as the screen writes it. */
  const told = async () => {
    const { day } = await db.json<{ day: string }>('top', '--once');
    const pnl = await db.json<{ key: string; realized_pnl: string; unrealized_pnl: string }[]>(
      ...['position', 'pnl', '--by', 'user', '--since', day],
    );
    const working = await db.json<{ status: string }[]>('order', 'list', '--limit', '1000');
    const sum = (of: (row: (typeof pnl)[number]) => string) =>
      formatRupees(
        (pnl.reduce((total, row) => total + Math.round(Number(of(row)) * 100), 0) / 100).toFixed(2),
      );
    return [
      `realized ${sum(({ realized_pnl }) => realized_pnl)}`,
      `unrealized ${sum(({ unrealized_pnl }) => unrealized_pnl)}`,
      `${working.filter(({ status }) => /PENDING|PLACED|PARTIALLY_FILLED/.test(status)).length} working`,
    ];
  };

  /** What happens in a round besides trading. */
  const MEANWHILE: Readonly<Record<number, (top: LiveTerminal) => Promise<void>>> = {
    async 1() {
      await db.cli('market', 'set', 'TCS', '--ltp', '101');
    },
    async 2(top) {
      server.signal('SIGINT');
      await shows(top, 'DATABASE AWAY');
      await server.start();
      await showsNot(top, 'DATABASE AWAY');
    },
    async 3(top) {
      await redis.kill();
      await shows(top, 'REDIS AWAY');
      await redis.start();
      await showsNot(top, 'REDIS AWAY');
    },
    async 4(top) {
      top.resize(40, 10);
      await expect.poll(() => top.screen()[2], WAIT).toMatch(/^\d traders/);
      expect(top.screen()).toHaveLength(10);
      await shows(top, 'TRADERS 3');
      top.resize(120, 30);
    },
  };

  it('shows a day as it happens, through kills of PostgreSQL and Redis and changes of its size', {
    timeout: 300_000,
  }, async () => {
    const top = start({ columns: 120, rows: 30 }, 'top', '--interval', '250ms');
    await shows(top, 'TRADERS 0');
    expect({ alternate: top.isAlternate(), cursor: top.isCursorShown() }).toEqual({
      alternate: true,
      cursor: false,
    });
    for (let round = 0; round < ROUNDS; round++) {
      const user = ['asha', 'ravi', 'meera'][round % 3] ?? 'asha';
      const side = round % 2 === 0 ? 'BUY' : 'SELL';
      await given.position(db, { user, price: 100 + 3 * round, symbol: 'TCS', side });
      await given.order(db, { user, symbol: 'ITC' });
      await db.cli('position', 'mark', `TCS=${101.5 - round}`);
      await MEANWHILE[round]?.(top);
      for (const text of await told()) await shows(top, text);
    }
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
    expect({ alternate: top.isAlternate(), cursor: top.isCursorShown() }).toEqual({
      alternate: false,
      cursor: true,
    });
  });

  it('filters, shows a thing as its command does, and halts with the name typed', {
    timeout: 120_000,
  }, async () => {
    const top = start({ columns: 120, rows: 30 }, 'top', '--interval', '250ms');
    await shows(top, 'TRADERS 3');
    top.type('/ravi\r');
    await shows(top, 'TRADERS 1');
    top.type('\r');
    await shows(top, 'ravi@example.com');
    top.type('x');
    await shows(top, 'TRADERS 1');
    top.type('hravi\r');
    await shows(top, 'Reason');
    top.type('bad feed\r');
    await shows(top, 'pinnacle risk halt --reason bad feed --yes ravi');
    await shows(top, /Halted trading for ravi: bad feed \(2 orders cancelled/);
    top.type('x');
    await shows(top, 'HALTED');
    expect(await db.json('risk', 'status', 'ravi')).toMatchObject([
      { user_id: 'ravi', halted: true, reason: 'bad feed' },
    ]);
    const [entry] = await db.json<{ command: string; target: string }[]>('audit', 'list', '--limit', '1');
    expect(entry).toMatchObject({ command: 'risk halt', target: 'user ravi' });
    top.type('\x03');
    expect(await top.ended).toEqual({ code: 0, restored: true });
  });

  it('finds by symbol and by strategy who holds nothing any more but traded in it today', {
    timeout: 120_000,
  }, async () => {
    await given.strategy(db, 'breakout');
    for (const user of ['executed', 'elsewhere', 'yesterday']) {
      await given.user(db, user);
      await db.json('strategy', 'activate', 'breakout', '--user', user, '--allocation', '1000');
      const traded = { user, symbol: 'INFY', strategy: 'breakout', quantity: 1, price: 100 };
      await given.position(db, traded);
      if (user !== 'elsewhere') await given.position(db, { ...traded, side: 'SELL' });
    }
    const url = db.env['DATABASE_URL'] ?? '';
    // One traded the day before, and so did the other, whose position another program closed today.
    await runSql(
      url,
      `UPDATE order_fills SET executed_at = executed_at - interval '1 day'
       WHERE order_id IN (SELECT order_id FROM orders WHERE user_id IN ('elsewhere', 'yesterday'))`,
    );
    await runSql(
      url,
      "UPDATE positions SET closed_at = closed_at - interval '1 day' WHERE user_id = 'yesterday'",
    );
    await runSql(
      url,
      `UPDATE positions SET status = 'CLOSED', quantity = 0, closed_at = clock_timestamp(), realized_pnl = 7
       WHERE user_id = 'elsewhere'`,
    );
    const top = start({ columns: 120, rows: 30 }, 'top', '--interval', '250ms');
    for (const text of ['infy', 'BREAKOUT']) {
      top.type(`/${text}\r`);
      await shows(top, `with "${text}"`);
      await shows(top, 'TRADERS 2');
      const screen = top.screen().join('\n');
      for (const user of ['elsewhere', 'executed']) expect(screen).toContain(` ${user} `);
      expect(screen).not.toContain(' yesterday ');
      top.type('\x1b');
      await showsNot(top, 'with "');
    }
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
  });

  it('shows plain text, and nothing else, where the cursor cannot be moved', async () => {
    const top = start(
      { env: { TERM: 'dumb', NO_COLOR: '1', LANG: 'C' } },
      'top',
      '--count',
      '2',
      '--interval',
      '250ms',
    );
    expect(await top.ended).toEqual({ code: 0, restored: true });
    expect(top.isAlternate()).toBe(false);
    expect(top.screen().join('\n')).toContain('Rs ');
  });

  it('--watch draws a list in place, goes on while the database is away, and leaves the terminal', {
    timeout: 60_000,
  }, async () => {
    const watching = start({}, 'user', 'list', '--watch', '--interval', '250ms');
    await shows(watching, 'ravi@example.com');
    server.signal('SIGINT');
    await shows(watching, 'error:');
    await shows(watching, 'ravi@example.com');
    await server.start();
    await showsNot(watching, 'error:');
    watching.type('q');
    expect(await watching.ended).toEqual({ code: 0, restored: true });
    expect(watching.isAlternate()).toBe(false);
    await shows(watching, 'ravi@example.com');
  });

  it.each(COSTS)(
    'costs little in $looks looks every $interval',
    async ({ interval, everyMs, looks }) => {
      await fillTraders(db.env['DATABASE_URL'] ?? '', TRADERS);
      const top = start({ columns: 160, rows: 50 }, 'top', '--interval', interval);
      // Beside those of the tests before.
      await shows(top, new RegExp(`TRADERS 200 of ${Math.floor(TRADERS / 100)}\\d\\d`));
      const [pid, backends] = [await top.pid(), await backendsOf(server.url)];
      // Until what is only done once is done.
      await new Promise((done) => setTimeout(done, 2_000));
      const cpu = async () => [await cpuMs([pid]), await cpuMs(backends)] as const;
      const [before, bytes, started] = [await cpu(), top.bytes(), performance.now()];
      await new Promise((done) => setTimeout(done, looks * everyMs));
      const [after, taken] = [await cpu(), (performance.now() - started) / everyMs];
      const cost = {
        cpuPerLook: (after[0] - before[0]) / taken,
        cpuOfServer: (after[1] - before[1]) / taken,
        bytesPerLook: (top.bytes() - bytes) / taken,
        rssMb: await rssMb(pid),
      };
      process.stderr.write(
        `top with ${TRADERS} traders, ${looks} looks every ${interval}: ${JSON.stringify(cost)}\n`,
      );
      expect(cost.cpuPerLook).toBeLessThan(30);
      expect(cost.bytesPerLook).toBeLessThan(2_048);
      expect(cost.rssMb).toBeLessThan(120);
      top.type('q');
      expect(await top.ended).toEqual({ code: 0, restored: true });
    },
    3_600_000,
  );
});

/** Traders with two open positions, a working order, a running session and five rules each. */
async function fillTraders(url: string, traders: number): Promise<void> {
  const id = (prefix: string, n: string) => `'${prefix}_' || lpad(to_hex(${n}), 26, '0')`;
  await runSql(
    url,
    `INSERT INTO users (user_id, name, email, api_key, total_capital)
     SELECT 'made_' || n, 'A', n || '@example.org', md5(n::text), 1000000 FROM generate_series(1, ${traders}) n ON CONFLICT DO NOTHING`,
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
     SELECT ${id('ord', 'n')}, 'made_' || n, 'SYM' || n % 50, 'BUY', 'LIMIT', 10, 100 FROM generate_series(1, ${traders}) n ON CONFLICT DO NOTHING`,
    `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl)
     SELECT ${id('pos', 'n * 2 + m')}, 'made_' || n, 'SYM' || (n + m) % 50, 'LONG', 10, 100, 101, 10
     FROM generate_series(1, ${traders}) n CROSS JOIN generate_series(0, 1) m ON CONFLICT DO NOTHING`,
    `INSERT INTO trading_sessions (session_id, user_id, capital_at_start) SELECT ${id('ses', 'n')}, 'made_' || n, 1000000
     FROM generate_series(1, ${traders}) n ON CONFLICT DO NOTHING`,
    `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value)
     SELECT ${id('rul', 'n * 5 + m')}, 'made_' || n, (enum_range(NULL::rule_type))[m + 1], 1000000
     FROM generate_series(1, ${traders}) n CROSS JOIN generate_series(0, 4) m ON CONFLICT DO NOTHING`,
    'ANALYZE',
  );
}

/** The processes of a server that answer the screen. */
async function backendsOf(url: string): Promise<number[]> {
  const found = await runSql(url, "SELECT pid FROM pg_stat_activity WHERE application_name = 'pinnacle/top'");
  return found.map(({ pid }) => Number(pid));
}

/** The processor time that processes have taken, in milliseconds; clock ticks are hundredths of a second. */
async function cpuMs(pids: readonly number[]): Promise<number> {
  const ticks = pids.map(async (pid) => {
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return (await Promise.all(ticks)).reduce((sum, each) => sum + each, 0) * 10;
}

async function rssMb(pid: number): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
