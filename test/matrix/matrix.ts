// Every command on every PostgreSQL and Node: `npm run test:matrix`, or `-- --short` on this Node, in one process.
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { chosenMajors, findBinaries, findNode, NODE_MAJORS, POSTGRES_MAJORS } from '../helpers/binaries.ts';
import { runSql } from '../helpers/postgres.ts';
import { writeRegion } from '../helpers/region.ts';
import { type OwnPlace, prove, type Run } from './run.ts';
import { restoreFrom, smoke } from './smoke.ts';

const { values } = parseArgs({ options: { short: { type: 'boolean' } } });
const majors = chosenMajors().length > 0 ? chosenMajors() : POSTGRES_MAJORS;
type Nodes = readonly (string | undefined)[];

/** A row of the table: a version, its servers, the backup that was made there, how many commands ran, and what was restored. */
interface Row {
  major: string;
  bin: string | undefined;
  version: string;
  kept: { place: OwnPlace; backup: string } | undefined;
  cells: string[];
  restored: string[];
}

await prove(async (run) => {
  const nodes = values.short ? [undefined] : NODE_MAJORS.map(findNode);
  const rows = majors.map(
    (major): Row => ({
      major,
      bin: findBinaries(major),
      version: '',
      kept: undefined,
      cells: [],
      restored: [],
    }),
  );
  try {
    await run.inLanes(rows, (row) => testVersion(run, row, nodes));
    await run.inLanes(rows, (row) => restoreBackups(run, row, rows));
  } finally {
    for (const { kept } of rows) await kept?.place.stop();
  }
  const isWhole = !values.short && majors.length === POSTGRES_MAJORS.length;
  if (run.failed() === 0 && isWhole) writeRegion('docs/support.md', 'matrix', tableOf(rows, nodes));
});

/** The smoke on every Node, each on servers of its own, the first of which are kept. */
async function testVersion({ attempt, startPlace }: Run, row: Row, nodes: Nodes): Promise<void> {
  for (const node of nodes) {
    const place = await startPlace(row.bin, node);
    const [shown] = await runSql(place.serverUrl, 'SHOW server_version');
    row.version = String(shown?.['server_version']).replace(/ .*/, '');
    const ran = await attempt(`PostgreSQL ${row.version}, Node ${versionOf(node)}`, () => smoke(place));
    row.cells.push(ran ? `${ran.commands} commands` : 'failed');
    if (ran && !row.kept) row.kept = { place, backup: ran.backup };
    else await place.stop();
  }
}

/** Restores what was backed up on every version; with --short on the oldest and the newest alone. */
async function restoreBackups({ attempt }: Run, row: Row, rows: readonly Row[]): Promise<void> {
  const ends = [rows[0], rows.at(-1)];
  const isDue = (from: Row) => !values.short || (from !== row && ends.includes(from) && ends.includes(row));
  for (const from of rows.filter(isDue))
    await attempt(`PostgreSQL ${row.version}, the backup of ${from.version} restored`, async () => {
      if (!row.kept || !from.kept) throw new Error('there is none');
      await restoreFrom(row.kept.place, from.kept.backup, `from_${from.major}`);
      row.restored.push(from.major);
    });
}

function tableOf(rows: readonly Row[], nodes: Nodes): string {
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
