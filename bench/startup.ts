// Start-up as a ratio against bare node, and psql with the same query, in the same run: `npm run bench:startup`.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startServer } from '../test/helpers/postgres.ts';
import { atMost, median, publish } from './publish.ts';
import { recordStatements } from './record-statements.ts';

const ROUNDS = Number(process.env['ROUNDS'] ?? 40);
const pinnacle = 'bin/pinnacle.js';
// An extra CA makes node itself slower to start, which flatters the ratio.
const { NODE_EXTRA_CA_CERTS, ...env } = process.env;

const NEWEST = `
  SELECT order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status,
    broker_order_id, error_message, retry_count, created_at, updated_at
  FROM orders ORDER BY created_at DESC, order_id DESC LIMIT 51`;

interface Case {
  name: string;
  /** Node, unless another is named. */
  program?: string;
  argv: string[];
  env?: Record<string, string>;
  /** The folder of its code cache; else one that only the commands measured here use. */
  cache?: string;
  /** How many times the time of bare node, or of psql, it may take. */
  node?: number;
  psql?: number;
  /** The case of psql that it is compared with; else the query of `order list`. */
  base?: string;
}

const BARE = 'node -e 0';
const QUERY = '`psql -c` with the query of `order list`';
const ID = 'bench-1';
const PLACE =
  `order place --order-id ${ID} --user bench --symbol TCS --side BUY --quantity 1 --price 100`.split(' ');
const SAME = '`psql -f` with the statements of `order place`';
const PIPED = '`pinnacle order list`, 50 rows, piped';
const SHOWN = '`pinnacle order list` as a terminal shows it';
const USED = '`pinnacle order list`, after 20 other commands, the worst of three orders';
/** What an operator may have run before: help, what is refused, writes and reads. */
const OTHERS = `
  --help|order --help|help formats|order list --json|order list --columns nonsense|order list --user nobody|order show nothing
  order place --user bench --symbol TCS --side BUY --quantity 1|order place --user nobody --symbol TCS --side BUY --quantity 1
  user list|user show bench|position list --user bench|position pnl|risk check|risk list|session list|notification list
  strategy list|migrate status|doctor --check phase`
  .trim()
  .split(/\||\n/)
  .map((line) => line.trim().split(' '));

const server = await startServer({ fsync: 'on' });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const home = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
try {
  const database = { ...env, DATABASE_URL: server.url, HOME: home, XDG_CACHE_HOME: home };
  prepare(database);
  const script = join(home, 'place.sql');
  writeFileSync(script, await recordStatements([pinnacle, ...PLACE], server.url, database));
  const cases: Case[] = [
    { name: BARE, argv: ['-e', '0'] },
    // As it is typed: Debian's is a Perl script in front of the program, which takes two thirds of its time.
    {
      name: QUERY,
      program: 'psql',
      argv: ['-X', '-A', '-c', NEWEST, server.url],
    },
    { name: '`pinnacle --version`', argv: [pinnacle, '--version'], node: 1.15 },
    { name: '`pinnacle order --help`', argv: [pinnacle, 'order', '--help'], node: 1.5 },
    {
      name: PIPED,
      argv: [pinnacle, 'order', 'list'],
      node: 2.2,
    },
    {
      name: SHOWN,
      argv: [pinnacle, 'order', 'list', '--no-pager'],
      env: { PINNACLE_FORCE_TTY: '1' },
      cache: join(home, 'terminal'),
    },
    { name: SAME, program: 'psql', argv: ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', script, server.url] },
    { name: '`pinnacle order place`', argv: [pinnacle, ...PLACE], psql: 2, base: SAME },
  ];
  const orders = [1, 2, 3].map((seed) => useCache(join(home, `used-${seed}`), database, seed));
  for (const cache of orders) cases.push({ name: USED, argv: [pinnacle, 'order', 'list'], cache, node: 2.3 });
  const times = cases.map((): number[] => []);
  // Interleaved, so that a noisy minute falls on all of them alike.
  for (let round = -3; round < ROUNDS; round++)
    for (const [i, { program = process.execPath, argv, cache = home, env: own }] of cases.entries()) {
      const started = process.hrtime.bigint();
      const { status } = spawnSync(program, argv, {
        env: { ...database, XDG_CACHE_HOME: cache, ...own },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      await client.query('DELETE FROM orders WHERE order_id = $1', [ID]);
      if (status !== 0) throw new Error(`${argv.join(' ')} ended ${status}`);
      if (round >= 0) times[i]?.push(ms);
    }
  const msOf = (name: string | undefined) => median(times[cases.findIndex((of) => of.name === name)] ?? []);
  const ratio = (value: number, most: number | undefined) =>
    most === undefined ? value.toFixed(2) : atMost(value, most);
  const worst = Math.max(...cases.flatMap(({ name }, i) => (name === USED ? median(times[i] ?? []) : [])));
  const shown = cases.filter(({ name }, i) => name !== USED || median(times[i] ?? []) === worst);
  const rows = shown.map((of) => {
    const ms = median(times[cases.indexOf(of)] ?? []);
    return `| ${of.name} | ${ms.toFixed(1)} | ${ratio(ms / msOf(BARE), of.node)} | ${ratio(ms / msOf(of.base ?? QUERY), of.psql)} |`;
  });
  publish(
    'startup',
    [
      '| command | median ms | times bare node | times psql |\n| --- | ---: | ---: | ---: |',
      ...rows,
      `\nAs a terminal shows it, \`order list\` takes ${atMost(msOf(SHOWN) / msOf(PIPED), 1.1)} times as long as piped.`,
    ].join('\n'),
  );
} finally {
  await client.end();
  await server.stop();
  rmSync(home, { recursive: true, force: true });
}

function prepare(database: NodeJS.ProcessEnv): void {
  const run = (...argv: string[]) =>
    execFileSync(process.execPath, [pinnacle, ...argv], { env: database, stdio: 'ignore' });
  run('migrate', 'up');
  run('user', 'add', '--user-id', 'bench', '--name', 'Bench', '--email', 'bench@example.com', '--json');
  for (let i = 0; i < 60; i++)
    run('order', 'place', '--user', 'bench', '--symbol', 'TCS', '--side', 'BUY', '--quantity', String(i + 1));
}

/** Fills a code cache by the other commands in an order of their own, then five runs; gives the folder. */
function useCache(folder: string, database: NodeJS.ProcessEnv, seed: number): string {
  const run = (argv: readonly string[]) =>
    spawnSync(process.execPath, [pinnacle, ...argv], {
      env: { ...database, XDG_CACHE_HOME: folder },
      stdio: 'ignore',
    });
  const shuffled = OTHERS.map((argv, i) => ({ argv, key: Math.sin(seed * 100 + i) })).sort(
    (a, b) => a.key - b.key,
  );
  for (const { argv } of shuffled) run(argv);
  for (let i = 0; i < 5; i++) run(['order', 'list']);
  return folder;
}
