import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CliOptions, cli } from '../helpers/cli.ts';
import { type Server, startServer } from '../helpers/postgres.ts';
import { startWith } from '../helpers/process.ts';
import { words } from '../helpers/words.ts';
import { difference, untilFree } from './judge.ts';
import { pointsOf } from './points.ts';
import { type Cut, type Cutter, startProxy } from './proxy.ts';
import { dropWhenLeft, stateOf } from './stage.ts';
import { postgresReader } from './wire.ts';

// `npm run fault` kills each of them at thirty points, `npm test` at one, later in one than in the one before.
const { PINNACLE_FAULT } = process.env;
const KILLS = PINNACLE_FAULT === undefined ? undefined : 5 * Number(PINNACLE_FAULT.split(',')[1]);
const pointsFor = (messages: number, scene: number): Cut[] => {
  if (KILLS !== undefined) return pointsOf(messages, KILLS);
  const all = pointsOf(messages, 4 * messages);
  return all.slice(Math.floor(all.length * (0.4 + (0.6 * scene) / SCENES.length))).slice(0, 1);
};

const PAPER = { PINNACLE_BROKER: 'paper' };

/** What a trader has here and at the paper broker, whose ids and answers no two runs have alike. */
const AT_BROKER = `
  SELECT concat_ws(' ', 'order', user_id, side, order_type, quantity, filled_quantity, status, broker_order_id <> '') AS line FROM orders
  UNION ALL SELECT concat_ws(' ', 'there', user_id, side, order_type, quantity, filled_quantity, status) FROM paper_orders
  UNION ALL SELECT concat_ws(' ', 'position', user_id, side, quantity, status) FROM positions
  UNION ALL SELECT concat_ws(' ', 'halt', user_id, reason, resumed_at IS NULL) FROM trading_halts
  UNION ALL SELECT concat_ws(' ', 'strategy', user_id, strategy_id, status) FROM user_strategies
  ORDER BY 1`;

/** What a line does for everyone. */
interface Scene {
  line: string;
  env?: Record<string, string>;
  /** What was done before. */
  before?: readonly string[];
  /** What is compared, where it is not all that the database holds. */
  compared?: string;
  /** What finds out about an order whose answer was lost: nothing goes out twice before it has run. */
  resolve?: string;
}

/** In an order in which each finds something to do. */
const SCENES: readonly Scene[] = [
  { line: 'session start --all' },
  { line: 'risk set --template standard --all' },
  { line: 'user rotate-key --all --to keys --grace 1h' },
  {
    line: 'position close --all --user u1 --at TCS=101 --yes',
    before: ['u1', 'u2', 'u3'].flatMap((user) => [
      `strategy activate s --user ${user}`,
      `order place --order-id p${user} --user ${user} --symbol TCS --side BUY --quantity 10 --type LIMIT --price 100`,
      `order fill p${user} --quantity 10 --price 100`,
    ]),
  },
  {
    line: 'risk flatten --all --reason cut --at TCS=101 --confirm all',
    before: ['u2', 'u3'].map(
      (user) =>
        `order place --order-id w${user} --user ${user} --symbol TCS --side BUY --quantity 10 --type LIMIT --price 90`,
    ),
  },
  { line: 'strategy resume --all --halt cut', before: ['risk resume --all --reason over --confirm all'] },
  {
    line: 'risk flatten u3 --reason again --send --confirm u3',
    env: PAPER,
    compared: AT_BROKER,
    resolve: 'broker sync u3',
    before: [
      'order place --order-id again --user u3 --symbol TCS --side BUY --quantity 10 --type LIMIT --price 100',
      'order fill again --quantity 10 --price 100',
      'order place --order-id sent --user u3 --symbol TCS --side BUY --quantity 10 --type LIMIT --price 90',
      'order send sent',
      'order place --order-id unsent --user u3 --symbol TCS --side SELL --quantity 3 --type LIMIT --price 190',
    ],
  },
  { line: 'session end --all' },
  { line: 'user offboard u2 --to history --confirm u2' },
];

describe.skipIf(!inject('serverUrl'))('a kill of what is done for everyone', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-everyone-'));
  let server: Server;
  let proxy: Cutter;
  let admin: pg.Client;
  const direct = (name: string) => server.url.replace(/(\/\/[^/]*\/)[^?]*/, `$1${name}`);
  const through = (name: string) => `postgres://postgres@127.0.0.1:${proxy.port}/${name}`;
  const envOf = (url: string, more = {}) => ({ DATABASE_URL: url, PINNACLE_GUARD_PRICE_MOVE: '0', ...more });

  beforeAll(async () => {
    server = await startServer();
    const socket = new URL(server.url.replace('@/', '@localhost/')).searchParams;
    proxy = await startProxy(
      { path: `${socket.get('host')}/.s.PGSQL.${socket.get('port') ?? 5432}` },
      { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
    );
    admin = new pg.Client({ connectionString: server.url });
    await admin.connect();
    await admin.query('CREATE DATABASE world');
  });
  afterAll(async () => {
    await admin.end();
    await Promise.all([proxy.close(), server.stop()]);
    rmSync(folder, { recursive: true });
  });

  /** Does something for good. */
  const goOn = async (line: string, env = {}) => {
    const { code, stderr } = await cli(words(line), {
      env: envOf(direct('world'), env),
      cwd: join(folder, 'world'),
    });
    if (![0, 6].includes(code)) throw new Error(`${line} ends ${code}: ${stderr}`);
  };

  /** Three users and a strategy. */
  const begin = async () => {
    mkdirSync(join(folder, 'world'));
    await goOn('migrate up');
    for (const user of ['u1', 'u2', 'u3'])
      await goOn(`user add --user-id ${user} --name N --email ${user}@example.com --capital 1000000 --json`);
    await goOn(
      'strategy add --strategy-id s --name S --description d --category c --risk-level low --min-capital 1 --expected-return 1 --max-drawdown 1 --symbols TCS --parameters {}',
    );
  };

  let copies = 0;
  /** A copy of the world, with the files that belong to it. */
  async function copy(compared: string | undefined) {
    const name = `copy_${copies++}`;
    const cwd = join(folder, name);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE world STRATEGY FILE_COPY`);
    cpSync(join(folder, 'world'), cwd, { recursive: true });
    const client = new pg.Client({ connectionString: direct(name) });
    await client.connect();
    return {
      cwd,
      url: through(name),
      async state() {
        if (compared === undefined)
          return `${(await stateOf(client)).replaceAll(name, 'copy')}\n${namesIn(cwd).join(' ')}`;
        return (await client.query(compared)).rows.map(({ line }) => line).join('\n');
      },
      /** Who has no file with the key in force. */
      lockedOut: async () => {
        const { rows } = await client.query('SELECT user_id, api_key FROM users WHERE enabled');
        return rows.filter(({ user_id, api_key }) => keyIn(join(cwd, 'keys', `${user_id}.key`)) !== api_key);
      },
      async close() {
        await client.end();
        await dropWhenLeft(admin, name);
      },
    };
  }

  it('at any moment leaves what the next run makes whole, once', { timeout: 3_600_000 }, async () => {
    const wrong: string[] = [];
    let kills = 0;
    await begin();
    for (const [place, scene] of SCENES.entries()) {
      const { line, env = {}, before = [], compared } = scene;
      for (const each of before) await goOn(each, env);
      const peace = await copy(compared);
      proxy.arm();
      const way = await cli(words(line), { env: envOf(peace.url, env), cwd: peace.cwd });
      const { messages } = proxy.seen();
      const after = await peace.state();
      await peace.close();
      expect({
        line,
        known: [0, 6].includes(way.code),
        stderr: way.code > 6 ? way.stderr : '',
      }).toMatchObject({ known: true });
      for (const cut of pointsFor(messages, place)) {
        const where = `${line}, killed ${cut.side} message ${cut.message} of ${messages}`;
        wrong.push(
          ...(await judge(scene, { cut, after, code: way.code })).map((each) => `${where}: ${each}`),
        );
        kills++;
      }
      await goOn(line, env);
      if (KILLS !== undefined) process.stdout.write(`${line}: ${wrong.length} violations so far\n`);
    }
    process.stdout.write(
      `${kills} kills of ${SCENES.length} commands for everyone: ${wrong.length} violations\n`,
    );
    expect(wrong).toEqual([]);
  });

  async function judge(
    { line, env = {}, compared, resolve }: Scene,
    { cut, after, code }: { cut: Cut; after: string; code: number },
  ): Promise<string[]> {
    const its = await copy(compared);
    const run = { env: envOf(its.url, env), cwd: its.cwd };
    try {
      const { child, ended } = startWith(run, ...words(line));
      proxy.arm({ ...cut, server: 'away' }, () => child.kill('SIGKILL'));
      await ended;
      proxy.arm();
      const again = await goOnAgain(line, resolve, run);
      const state = await its.state();
      const [ledger, log] = [await cli(['doctor', 'ledger'], run), await cli(['audit', 'verify'], run)];
      const locked = line.startsWith('user rotate-key') ? await its.lockedOut() : [];
      return [
        ...([code, 0].includes(again.code) ? [] : [`again it ended ${again.code}: ${again.stderr}`]),
        ...(state === after ? [] : [`it stands elsewhere:\n${difference(state, after)}`]),
        ...(ledger.code === 0 ? [] : [`the ledger is not whole: ${ledger.stdout}`]),
        ...(log.code === 0 ? [] : [`the audit log is not whole: ${log.stdout}${log.stderr}`]),
        ...(locked.length === 0 ? [] : [`a key is lost: ${JSON.stringify(locked)}`]),
      ];
    } finally {
      await its.close();
    }
  }
});

/** Runs a line again as its operator would, who does what it names where it ends 6. */
async function goOnAgain(line: string, resolve: string | undefined, options: CliOptions) {
  const again = await untilFree(() => cli(words(line), options));
  if (again.code !== 6 || resolve === undefined) return again;
  await cli(words(resolve), options);
  return cli(words(line), options);
}

const keyIn = (file: string) =>
  existsSync(file) && createHash('sha256').update(readFileSync(file, 'utf8').trim()).digest('hex');

const namesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map((name) => String(name))
    .sort();
