// Backing a book up, against pg_dump with the same compression: `npm run bench:backup`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from '../test/helpers/binaries.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { fillBook } from '../test/helpers/scale.ts';
import { publish } from './publish.ts';

const ORDERS = Number(process.env['ORDERS'] ?? 1_000_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const LIMIT = 1.15;

interface Cost {
  seconds: number;
  /** The most memory that the process held, in MB. */
  memory: number;
  bytes: number;
}

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
const { NODE_EXTRA_CA_CERTS, ...surroundings } = process.env;
const keyFile = join(folder, 'key');
const env = {
  ...surroundings,
  DATABASE_URL: server.url,
  HOME: folder,
  XDG_CACHE_HOME: folder,
  PINNACLE_BACKUP_KEY_FILE: keyFile,
};
try {
  await run('sh', ['-c', `umask 077; openssl rand -base64 32 > ${keyFile}`], keyFile);
  await fillBook(server.url, ORDERS);
  const out = join(folder, 'out');
  const pinnacle = (...flags: string[]) =>
    run(process.execPath, ['bin/pinnacle.js', 'backup', 'create', '--output', out, ...flags], out);
  const ways = {
    pgDump: () => run(join(findBinaries() ?? '', 'pg_dump'), ['-Fc', '-f', out, server.url], out),
    plain: () => pinnacle(),
    encrypted: () => pinnacle('--encrypt'),
  };
  const costs: Record<keyof typeof ways, Cost[]> = { pgDump: [], plain: [], encrypted: [] };
  // The first round warms the server up.
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, way] of Object.entries(ways)) {
      rmSync(out, { force: true });
      const cost = await way();
      if (round > 0) costs[name as keyof typeof ways].push(cost);
    }
  const base = median(costs.pgDump);
  let missed = 0;
  const row = (name: string, cost: Cost, limited: boolean) => {
    const ratio = cost.seconds / base.seconds;
    if (limited && ratio > LIMIT) missed++;
    const limit = limited ? ` (at most ${LIMIT})` : '';
    return `| ${name} | ${cost.seconds.toFixed(2)} | ${ratio.toFixed(2)}${limit} | ${(cost.bytes / 1e6).toFixed(0)} | ${cost.memory.toFixed(0)} |`;
  };
  publish(
    'backup',
    [
      `| ${ORDERS} orders and what goes with them, median of ${ROUNDS} | s | times pg_dump | MB written | MB of memory |\n| --- | ---: | ---: | ---: | ---: |`,
      row('`pg_dump -Fc`', base, false),
      row('`backup create`', median(costs.plain), true),
      row('`backup create --encrypt`', median(costs.encrypted), true),
    ].join('\n'),
  );
  process.exitCode = missed > 0 ? 6 : 0;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function median(costs: Cost[]): Cost {
  return costs.sort((a, b) => a.seconds - b.seconds)[Math.floor(costs.length / 2)] as Cost;
}

/** Runs a program to its end; its memory is that of the process itself. */
async function run(program: string, argv: string[], file: string): Promise<Cost> {
  const started = performance.now();
  const child = spawn(program, argv, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, peakOf(child.pid));
  }, 20);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0) throw new Error(`${program} ${argv.join(' ')} ended ${code}`);
  return { seconds: (performance.now() - started) / 1_000, memory, bytes: statSync(file).size };
}

/** The most memory that a process has held, in MB, as the kernel counts it. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
