// Lists of a long history against those of a short one, and without their indexes: `npm run bench:lists`.
import { cli } from '../test/helpers/cli.ts';
import { type ExplainingServer, startExplaining } from '../test/helpers/explained.ts';
import { runSql } from '../test/helpers/postgres.ts';
import { fillBook, HEAVY, pageCursor, USUAL } from '../test/helpers/scale.ts';
import { publish } from './publish.ts';

const SHORT = Number(process.env['SHORT'] ?? 50_000);
const LONG = Number(process.env['LONG'] ?? 5_000_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 31);
const MOST = 1.3;

// Those that are held to the limit first.
const DEMANDED = [
  `order list --user ${USUAL}`,
  `order list --user ${HEAVY}`,
  'order list --status PENDING',
  'order list --after PAGE_1000',
];
const OTHERS = [
  'order list',
  'order list --strategy rare',
  'order list --symbol SYM7',
  'position list',
  'position list --status any',
  `position list --status CLOSED --user ${USUAL}`,
  'session list',
  'notification list',
  `notification list --user ${USUAL}`,
  'audit list',
  'audit list --command denied',
];

interface Cost {
  ms: number;
  pages: number;
  plan: string;
}

const short = await costs(SHORT);
const long = await costs(LONG);
let missed = 0;
const rows = [
  `| list | pages of ${SHORT} | of ${LONG} | times | ms | ms | times | goes by |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |`,
];
for (const line of [...DEMANDED, ...OTHERS]) {
  const [a, b] = [short.with.get(line) as Cost, long.with.get(line) as Cost];
  const [pages, time] = [b.pages / a.pages, b.ms / a.ms];
  if (DEMANDED.includes(line) && Math.max(pages, time) > MOST) missed++;
  const [inPages, inTime] = [
    `${a.pages} | ${b.pages} | ${pages.toFixed(2)}`,
    `${a.ms.toFixed(2)} | ${b.ms.toFixed(2)} | ${time.toFixed(2)}`,
  ];
  rows.push(`| \`${line}\` | ${inPages} | ${inTime} | ${b.plan} |`);
}
rows.push(
  `\nThe first ${DEMANDED.length} may take at most ${MOST} times as much, in pages and in time.\n`,
  `| list of ${LONG} orders | pages without the indexes | with them | ms without | with | without them |
| --- | ---: | ---: | ---: | ---: | --- |`,
);
for (const [line, before] of long.without) {
  const after = long.with.get(line) as Cost;
  const [pages, ms] = [
    `${before.pages} | ${after.pages}`,
    `${before.ms.toFixed(1)} | ${after.ms.toFixed(1)}`,
  ];
  if (before.plan !== after.plan) rows.push(`| \`${line}\` | ${pages} | ${ms} | ${before.plan} |`);
}
publish('lists', rows.join('\n'));
process.exitCode = missed > 0 ? 6 : 0;

async function costs(orders: number) {
  const server = await startExplaining({
    shared_buffers: '2GB',
    maintenance_work_mem: '512MB',
    max_wal_size: '8GB',
  });
  try {
    await fillBook(server.url, orders);
    const page = await pageCursor(server.url, 1_000);
    const measured = async (rounds: number) => {
      const found = new Map<string, Cost>();
      for (const line of [...DEMANDED, ...OTHERS]) found.set(line, await costOf(server, line, page, rounds));
      return found;
    };
    const withIndexes = await measured(ROUNDS);
    for (const { name } of await runSql(
      server.url,
      `SELECT indexname AS name FROM pg_indexes WHERE indexname ~ '_newest$|idx_notifications_unread|_denied$'`,
    ))
      await runSql(server.url, `DROP INDEX ${name}`);
    return { with: withIndexes, without: await measured(3) };
  } finally {
    await server.stop();
  }
}

async function costOf(server: ExplainingServer, line: string, page: string, rounds: number): Promise<Cost> {
  const runs: Cost[] = [];
  await server.executions();
  for (let round = -1; round < rounds; round++) {
    const { code, stderr } = await cli(line.replace('PAGE_1000', page).split(' '), {
      env: { DATABASE_URL: server.url },
    });
    if (code !== 0) throw new Error(`${line} ended ${code}: ${stderr}`);
    const executed = (await server.executions()).filter(({ sql }) => sql.includes('limit $'));
    const sum = (of: 'ms' | 'buffers') => executed.reduce((total, one) => total + one[of], 0);
    const nodes = new Set(executed.flatMap((one) => one.nodes));
    const plan = [...nodes].filter((node) => /Scan|^Sort/.test(node)).join(', ');
    if (round >= 0) runs.push({ ms: sum('ms'), pages: sum('buffers'), plan });
  }
  return runs.sort((a, b) => a.ms - b.ms)[Math.floor(runs.length / 2)] as Cost;
}
