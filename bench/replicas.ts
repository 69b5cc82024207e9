// Reads with and without replicas, all on one machine: `npm run bench:replicas`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSql, type Server, startReplica, startServer } from '../test/helpers/postgres.ts';
import { fillBook, HEAVY } from '../test/helpers/scale.ts';
import { median, publish } from './publish.ts';

const ORDERS = Number(process.env['ORDERS'] ?? 200_000);
const CLIENTS = Number(process.env['CLIENTS'] ?? 4);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const READS = Number(process.env['READS'] ?? 20);
const REPLICAS = 2;
/** How many ticks a second /proc counts the time of a processor in. */
const TICKS = 100;

interface Cost {
  /** Reads a second of all clients together. */
  rate: number;
  /** Milliseconds of a processor that the primary took for each. */
  primary: number;
}

const servers: Server[] = [];
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
const COMMANDS = {
  'order list': ['order', 'list', '--json'],
  // Into a file: rows that go to stdout are read from the primary.
  'order export --user heavy': [
    ...['order', 'export', '--user', HEAVY],
    ...['--output', join(folder, 'orders.csv'), '--force'],
  ],
};
const { NODE_EXTRA_CA_CERTS, ...surroundings } = process.env;
try {
  const primary = await startServer({ fsync: 'on', shared_buffers: '256MB', max_wal_size: '4GB' });
  servers.push(primary);
  await fillBook(primary.url, ORDERS);
  for (let i = 0; i < REPLICAS; i++) servers.push(await caughtUp(primary));
  const costs = new Map<string, Cost[]>();
  for (let round = -1; round < ROUNDS; round++)
    for (const [name, argv] of Object.entries(COMMANDS))
      for (let replicas = 0; replicas <= REPLICAS; replicas++) {
        const cost = await read(primary, servers.slice(1, replicas + 1), argv);
        const key = `${name} ${replicas}`;
        if (round >= 0) costs.set(key, [...(costs.get(key) ?? []), cost]);
      }
  const rows = Object.keys(COMMANDS).flatMap((name) => {
    const each = [...Array(REPLICAS + 1).keys()].map((n) => medians(costs.get(`${name} ${n}`) ?? []));
    const alone = each[0] as Cost;
    return each.map(({ rate, primary: ms }, replicas) =>
      [
        `| \`${name}\``,
        replicas,
        rate.toFixed(1),
        (rate / alone.rate).toFixed(2),
        ms.toFixed(1),
        `${(ms / alone.primary).toFixed(2)} |`,
      ].join(' | '),
    );
  });
  publish(
    'replicas',
    [
      `| ${CLIENTS} clients, ${ORDERS} orders, median of ${ROUNDS} | replicas | reads a second | times without | ms of a processor per read at the primary | times without |`,
      '| --- | ---: | ---: | ---: | ---: | ---: |',
      ...rows,
    ].join('\n'),
  );
} finally {
  for (const server of servers.reverse()) await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A replica that has everything. */
async function caughtUp(primary: Server): Promise<Server> {
  const replica = await startReplica(primary.url, { shared_buffers: '256MB' });
  const [{ at } = {}] = await runSql(primary.url, 'SELECT pg_current_wal_flush_lsn()::text AS at');
  const sql = `SELECT pg_last_wal_replay_lsn() >= '${at}'::pg_lsn AS there`;
  while ((await runSql(replica.url, sql))[0]?.['there'] !== true) await sleep(50);
  return replica;
}

/** Every client runs the command so many times, each in a process of its own. */
async function read(primary: Server, replicas: readonly Server[], argv: readonly string[]): Promise<Cost> {
  const env = {
    ...surroundings,
    DATABASE_URL: primary.url,
    PINNACLE_REPLICAS: replicas.map(({ url }) => url).join(' '),
    HOME: folder,
    XDG_CACHE_HOME: folder,
  };
  const busy = processorMs(primary);
  const started = performance.now();
  const client = async () => {
    for (let i = 0; i < READS / CLIENTS; i++) {
      const child = spawn(process.execPath, ['bin/pinnacle.js', ...argv], { env, stdio: 'ignore' });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`${argv.join(' ')} ended ${code}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const seconds = (performance.now() - started) / 1_000;
  // The sessions have to end before their time is counted.
  await sleep(100);
  return { rate: READS / seconds, primary: (processorMs(primary) - busy) / READS };
}

/** What a server has taken of the processors so far, sessions that ended included. */
function processorMs({ url }: Server): number {
  const home = new URL(url.replace('@/', '@localhost/')).searchParams.get('host') ?? '';
  const pid = Number(readFileSync(join(home, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [parent, ticks, ended] = timesOf(Number(name)) ?? [0, 0, 0];
      if (Number(name) === pid) return ticks + ended;
      return parent === pid ? ticks : [];
    });
  return (stats.reduce((sum, ticks) => sum + ticks, 0) * 1_000) / TICKS;
}

/** Of a process: its parent, its own ticks and those of its children that ended. */
function timesOf(pid: number): [number, number, number] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [parent = 0, own = [], ended = []] = [fields[1], fields.slice(11, 13), fields.slice(13, 15)];
    const sum = (all: readonly number[]) => all.reduce((total, ticks) => total + ticks, 0);
    return [parent, sum(own), sum(ended)];
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function medians(all: readonly Cost[]): Cost {
  return { rate: median(all.map(({ rate }) => rate)), primary: median(all.map(({ primary }) => primary)) };
}
