// The built program on every PostgreSQL and Node that it supports: `npm run test:matrix`, or `-- --short` on this Node in one process.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chosenMajors, findBinaries, findNode, NODE_MAJORS, POSTGRES_MAJORS } from '../helpers/binaries.ts';
import { runSql, startServer } from '../helpers/postgres.ts';
import { startRedis } from '../helpers/redis.ts';
import { writeRegion } from '../helpers/region.ts';
import { type Place, restoreFrom, smoke } from './smoke.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean' } } });
const majors = chosenMajors().length > 0 ? chosenMajors() : POSTGRES_MAJORS;
const nodes = values.short ? [undefined] : NODE_MAJORS.map(findNode);
const binaries = new Map(majors.map((major) => [major, findBinaries(major)]));

/** A row of the table: a server, the backup that was made on it, and what went well. */
interface Row {
  version: string;
  place: Place | undefined;
  backup: string | undefined;
  cells: string[];
  restored: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-matrix-'));
// Servers run as somebody else where this runs as root.
chmodSync(folder, 0o711);
const cacheDir = join(folder, 'cache');
mkdirSync(cacheDir);
const ending: (() => Promise<unknown>)[] = [];
let failed = 0;
try {
  const rows = new Map<string, Row>();
  await inLanes(majors, async (major) => rows.set(major, await testServer(major)));
  await inLanes(majors, (major) => restoreBackups(major, rows));
  const whole = !values.short && majors.length === POSTGRES_MAJORS.length;
  const inOrder = majors.flatMap((major) => rows.get(major) ?? []);
  if (failed === 0 && whole) writeRegion('docs/support.md', 'matrix', tableOf(inOrder));
} finally {
  for (const end of ending) await end();
  rmSync(folder, { recursive: true, force: true });
}
say(failed === 0 ? 'all as it should be' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Works through a list, on as many of it at once as there are processors. */
async function inLanes<T>(list: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...list];
  const lane = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

/** The smoke on every Node, each on servers of its own, the first of which are kept. */
async function testServer(major: string): Promise<Row> {
  const row: Row = { version: '', place: undefined, backup: undefined, cells: [], restored: [] };
  for (const node of nodes) {
    const [server, redis] = await Promise.all([startServer({}, folder, binaries.get(major)), startRedis()]);
    const own = mkdtempSync(join(folder, 'place-'));
    const place = { serverUrl: server.url, redisUrl: redis.url, node, folder: own, cacheDir };
    const stop = () => Promise.all([server.stop(), redis.stop()]);
    const [shown] = await runSql(server.url, 'SHOW server_version');
    row.version = String(shown?.['server_version']).replace(/ .*/, '');
    const ran = await attempt(`PostgreSQL ${row.version}, Node ${versionOf(node)}`, async () => {
      const { commands, backup } = await smoke(place);
      row.place ??= place;
      row.backup ??= backup;
      return `${commands} commands`;
    });
    row.cells.push(ran ?? 'failed');
    if (row.place === place) ending.push(stop);
    else await stop();
  }
  return row;
}

/** Restores what was backed up on every version; with --short on the oldest and the newest alone. */
async function restoreBackups(major: string, rows: ReadonlyMap<string, Row>): Promise<void> {
  const row = rows.get(major);
  for (const [from, { backup }] of rows) {
    const ends = [majors[0], majors.at(-1)];
    if (values.short && !(from !== major && ends.includes(from) && ends.includes(major))) continue;
    await attempt(`PostgreSQL ${major}, the backup of ${from} restored`, async () => {
      if (!row?.place || !backup) throw new Error('there is none');
      await restoreFrom(row.place, backup, `from_${from}`);
      row.restored.push(from);
      return '';
    });
  }
}

/** Says how something went and how long it took; undefined where it failed. */
async function attempt(name: string, work: () => Promise<string>): Promise<string | undefined> {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  try {
    const result = await work();
    say([name, result, seconds()].filter(Boolean).join(', '));
    return result;
  } catch (error) {
    failed++;
    say(`${name}, FAILED, ${seconds()}\n${(error as Error).message}`);
    return undefined;
  }
}

function tableOf(rows: readonly Row[]): string {
  const head = ['PostgreSQL', ...nodes.map((node) => `Node ${versionOf(node)}`), 'restores backups of'];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(head),
    line(head.map(() => '---')),
    ...rows.map(({ version, cells, restored }) => line([version, ...cells, restored.join(', ')])),
  ].join('\n');
}

function versionOf(node: string | undefined): string {
  if (node === undefined) return process.versions.node;
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim().slice(1);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
