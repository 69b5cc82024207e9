// Start-up as a ratio against bare node, and psql with the same query, in the same run: `npm run bench:startup`.
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env.ROUNDS ?? 40);
const root = fileURLToPath(new URL('..', import.meta.url));
const pinnacle = join(root, 'bin/pinnacle.js');
// An extra CA makes node itself slower to start, which flatters the ratio.
const { NODE_EXTRA_CA_CERTS, ...env } = process.env;

const NEWEST = `
  SELECT order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status,
    broker_order_id, error_message, retry_count, created_at, updated_at
  FROM orders ORDER BY created_at DESC, order_id DESC LIMIT 51`;

const server = startServer();
try {
  const database = { ...env, DATABASE_URL: server.url, HOME: server.folder };
  prepare(database);
  const cases = [
    { name: 'node -e 0', argv: ['-e', '0'] },
    // As it is typed: Debian's is a Perl script in front of the program, which takes two thirds of its time.
    {
      name: 'psql -c, the query of order list',
      program: 'psql',
      argv: ['-X', '-A', '-c', NEWEST, server.url],
    },
    { name: 'pinnacle --version', argv: [pinnacle, '--version'], node: 1.2 },
    { name: 'pinnacle order --help', argv: [pinnacle, 'order', '--help'], node: 1.8 },
    { name: 'pinnacle order list (50 rows, piped)', argv: [pinnacle, 'order', 'list'], node: 2.5, psql: 1.9 },
  ];
  const times = cases.map(() => []);
  // Interleaved, so that a noisy minute falls on all of them alike.
  for (let round = -3; round < ROUNDS; round++) {
    cases.forEach(({ program = process.execPath, argv }, i) => {
      const started = process.hrtime.bigint();
      const { status } = spawnSync(program, argv, {
        env: database,
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (status !== 0) throw new Error(`${argv.join(' ')} ended ${status}`);
      if (round >= 0) times[i].push(ms);
    });
  }
  const [bare, psql] = times.slice(0, 2).map(median);
  let missed = 0;
  const ratio = (ms, base, most) => {
    if (most !== undefined && ms / base > most) missed++;
    return `${(ms / base).toFixed(2)}${most === undefined ? '' : ` (at most ${most})`}`;
  };
  console.log('| command | median ms | times bare node | times psql |\n| --- | ---: | ---: | ---: |');
  cases.forEach((of, i) => {
    const ms = median(times[i]);
    console.log(
      `| ${of.name} | ${ms.toFixed(1)} | ${ratio(ms, bare, of.node)} | ${ratio(ms, psql, of.psql)} |`,
    );
  });
  process.exitCode = missed > 0 ? 6 : 0;
} finally {
  server.stop();
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function prepare(database) {
  const run = (...argv) =>
    execFileSync(process.execPath, [pinnacle, ...argv], { env: database, stdio: 'ignore' });
  run('migrate', 'up');
  run('user', 'add', '--user-id', 'bench', '--name', 'Bench', '--email', 'bench@example.com', '--json');
  for (let i = 0; i < 60; i++)
    run('order', 'place', '--user', 'bench', '--symbol', 'TCS', '--side', 'BUY', '--quantity', String(i + 1));
}

/** A server of its own on a socket in a temporary folder. */
function startServer() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => b - a) : [];
  const bin = versions
    .map((version) => join(debian, version, 'bin'))
    .find((path) => existsSync(join(path, 'initdb')));
  if (!bin) throw new Error('no PostgreSQL server binaries on this machine');
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  const owner = process.getuid() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  if (owner.uid) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const options = { ...owner, cwd: folder, stdio: 'ignore' };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'], options);
  const settings = `-c listen_addresses= -c unix_socket_directories=${folder}`;
  execFileSync(
    join(bin, 'pg_ctl'),
    ['-D', data, '-o', settings, '-l', join(folder, 'log'), '-w', 'start'],
    options,
  );
  return {
    folder,
    url: `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}`,
    stop() {
      execFileSync(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', 'stop'], options);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
