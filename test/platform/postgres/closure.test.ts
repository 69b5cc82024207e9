import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../helpers/binaries.ts';
import { cli } from '../../helpers/cli.ts';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, remember } from '../../helpers/day.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';
import { type Recorder, type Statement, startRecorder } from './statements.ts';

/** Whose day it is. */
const TRADER = 'u2';

/** What is about the server, the rollout, files or the audit log, alone or with sums of all rows, not about the rows of traders: it is not run here. */
const ELSEWHERE =
  /^(config|completion|migrate|partition|schema|access|backup|schedule|version|metrics|import|audit|doctor( engine| replicas)?$)/;

/** The lines of the day that need rows of other traders: why, and how one trader asks for the same. */
const SPANNING: Readonly<Record<string, { why: string; own?: string }>> = {
  'user import {traders} --keys {keys}': { why: 'adds other traders' },
  'user list': { why: 'lists all' },
  'keys rotate': { why: 'credentials of all are encrypted with one ring' },
  'keys verify': { why: 'credentials of all are encrypted with one ring' },
  'keys status': { why: 'credentials of all are encrypted with one ring' },
  'keys retire {old_key} --yes': { why: 'credentials of all are encrypted with one ring' },
  'risk list': { why: 'lists all', own: 'risk list u2' },
  'order list': { why: 'lists all', own: 'order list --user u2' },
  'symbol alias OLDITC ITC --from 2026-01-01': { why: 'counts who has the old name' },
  'symbol list': { why: 'counts who has the old name' },
  'symbol unalias OLDITC': { why: 'counts who has the old name' },
  'position merge-symbol OLDITC --all --yes': {
    why: 'merges the books of all',
    own: 'position merge-symbol OLDITC --user u2 --yes --dry-run',
  },
  'position unmerge-symbol {merge} --yes': {
    why: 'takes back the merge of all',
    own: 'position unmerge-symbol {merge} --user u2 --yes --dry-run',
  },
  'fill list': { why: 'lists all', own: 'fill list --user u2' },
  'position list': { why: 'lists all', own: 'position list --user u2' },
  'position mark ITC=101': { why: 'a price is that of every holder' },
  'position pnl': { why: 'sums up all', own: 'position pnl --user u2' },
  'report day': { why: 'shows the day of all' },
  'report snapshot': { why: 'takes down what all are worth' },
  'report months': { why: 'sums up all', own: 'report months --user u2' },
  'risk check': { why: 'evaluates the rules of all', own: 'risk check u2' },
  status: { why: 'sums up the day of all' },
  'top --once': { why: 'shows the day of all', own: 'top --once --user u2' },
  'risk status': { why: 'lists all', own: 'risk status u2' },
  'notification list': { why: 'lists all', own: 'notification list --user u2' },
  'notification watch --since today --for 1s': { why: 'follows all' },
  'alert route add desk --level CRITICAL': { why: 'passes over what all were notified of before' },
  'session list': { why: 'lists all', own: 'session list --user u2' },
  'strategy stats': { why: 'sums up all', own: 'strategy stats --user u2' },
  'realtime rebuild': { why: 'Redis shows the rows of all' },
  'doctor realtime': { why: 'Redis shows the rows of all' },
  'doctor ledger': { why: 'proves the whole book', own: 'doctor ledger --user u2' },
  'retention plan': { why: 'counts the rows of all' },
  'retention run --yes': { why: 'deletes the rows of all' },
  'order export --output orders.csv --force': {
    why: 'exports all',
    own: 'order export --user u2 --output own-orders.csv --force',
  },
  'position export --output positions.csv --force': {
    why: 'exports all',
    own: 'position export --user u2 --output own-positions.csv --force',
  },
  'session export --output sessions.csv --force': {
    why: 'exports all',
    own: 'session export --user u2 --output own-sessions.csv --force',
  },
  'notification export --output notifications.csv --force': {
    why: 'exports all',
    own: 'notification export --user u2 --output own-notifications.csv --force',
  },
};

/** Begins or ends a transaction; or seals the audit log, which is one chain over the entries of all. */
const NOT_ABOUT_ROWS = /^(begin|start|commit|rollback|set|savepoint|release)\b|\baudit_seal/i;

/** What another trader has done before. The last rule is violated. */
const BEFORE = `
  migrate up
  user add --user-id other --name O --email o@example.com --capital 1000000 --json
  session start --user other
  order place --order-id other1 --user other --symbol ITC --side BUY --quantity 10
  order fill other1 --quantity 10 --price 100
  order place --order-id other2 --user other --symbol OLDITC --side BUY --quantity 10
  order cancel other2
  order place --order-id other3 --user other --symbol TCS --side BUY --quantity 10
  notification send --user other --type SYSTEM_ERROR --title t --message m
  risk set other MAX_ORDERS_PER_DAY 1`;

/** What another trader does behind a line of the day. */
const MEANWHILE: Readonly<Record<string, string>> = {
  'keys generate': 'user credentials set other --field broker_secret --secret-stdin',
  'strategy enable s1': 'strategy activate s1 --user other',
};

const commands = await everyCommand();
const reading = new Set(commands.filter(({ effect }) => effect === 'read').map(({ path }) => path));
const DAY = dayOf(commands).filter((line) =>
  'sql' in line ? !line.sql.includes('pinnacle_migrations') : !ELSEWHERE.test(line.path),
);

/** A database in which the day is played, by a trader who sees everybody or nobody else. */
interface Side {
  db: TestDatabase;
  name: string;
  sees: string;
  ring: string;
  known: Record<string, string>;
}

describe.each(findBinaries() ? servers : [])(
  'the day of one trader under row-level security on $name',
  ({ open }) => {
    const server = ownServer();
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-closure-'));
    let recorder: Recorder;
    let redis: TestRedis;
    let all: Side;
    let alone: Side;
    let checked = 0;
    let tables: TraderTable[];

    beforeAll(async () => {
      const client = new pg.Client(server());
      [redis, recorder] = await Promise.all([
        startRedis(),
        startRecorder({ path: `${client.host}/.s.PGSQL.${client.port}` }),
      ]);
      const db = await open(0, server());
      all = sideOf(db, '', { secret: 'a broker secret' });
      // Policies bind an owner who is no superuser, and with it the functions that run as the owner.
      await db.query(`CREATE ROLE desk LOGIN; ALTER DATABASE ${all.name} OWNER TO desk`);
      for (const line of BEFORE.trim().split('\n')) await run(all, line);
      tables = await tablesOfTraders(db);
      await db.query(tables.map(policy).join(';\n'));
      alone = await copyOf(all);
    });
    afterAll(async () => {
      await Promise.all([all.db.close(), alone.db.close()]);
      await Promise.all([redis.stop(), recorder.close()]);
      rmSync(folder, { recursive: true });
    });

    const sideOf = (db: TestDatabase, sees: string, known: Record<string, string>): Side => {
      const { pathname } = new URL(String(db.env['DATABASE_URL']).replace('@/', '@localhost/'));
      const ring = join(folder, `ring${sees}.json`);
      return { db, name: pathname.slice(1), sees, ring, known };
    };
    const urlOf = ({ name }: Side, sees: string) =>
      `postgres://desk@127.0.0.1:${recorder.port}/${name}?options=-c%20closure.trader%3D${sees}`;

    /** Runs a line, which must work, and gives its statements. */
    const run = async (side: Side, line: string, stdin = ''): Promise<Statement[]> => {
      // Names stand for rows of the trader, whatever the side sees.
      const query: TestDatabase['query'] = async (sql) => {
        const client = new pg.Client(urlOf(side, TRADER));
        await client.connect();
        return client.query(sql).finally(() => client.end());
      };
      const argv = words(await fillIn(line, { query }, side.ring, side.known));
      const given = await fillIn(stdin, { query }, side.ring, side.known);
      const env = {
        ...side.db.env,
        DATABASE_URL: urlOf(side, side.sees),
        REDIS_URL: redis.url,
        PINNACLE_REDIS_PREFIX: `${side.sees}:`,
        PINNACLE_KEYRING_FILE: side.ring,
        PINNACLE_GUARD_PRICE_MOVE: '20',
      };
      recorder.take(side.name);
      const { code, stdout, stderr } = await cli(argv, { env, cwd: folder, stdin: given });
      if (!(line in SPANNING)) expect([0, 6], `${line}: ${stderr}`).toContain(code);
      remember(stdout, side.known);
      return recorder.take(side.name).filter(({ sql }) => !NOT_ABOUT_ROWS.test(sql));
    };

    const copyOf = async ({ db, ring, known }: Side): Promise<Side> => {
      const copy = sideOf(await db.copy(), TRADER, { ...known });
      if (existsSync(ring)) copyFileSync(ring, copy.ring);
      return copy;
    };

    /** The rows of other traders, and the transaction that wrote each. */
    const others = async ({ db }: Side) => {
      const rows = tables.map(
        ({ table, isSeenBy }) =>
          `SELECT '${table}' || xmin || ${table}::text AS row FROM ${table} WHERE NOT ${isSeenBy(`'${TRADER}'`)}`,
      );
      const { rows: found } = await db.query(`${rows.join(' UNION ALL ')} ORDER BY row`);
      return found.map(({ row }) => row).join();
    };

    /** Runs a line on both sides, and gives what differs. */
    const compare = async (line: string, stdin?: string): Promise<string[]> => {
      const before = await others(all);
      const [full, secluded] = await Promise.all([run(all, line, stdin), run(alone, line, stdin)]);
      const written = (await others(all)) === before ? [] : ['writes rows of others'];
      if (!(line in SPANNING)) checked += secluded.length;
      return [...differing(full, secluded), ...written];
    };

    /** Lets both sides go on from the same. */
    const restart = async () => {
      await alone.db.close();
      alone = await copyOf(all);
    };

    // Each test goes on from where the one before it left the book.
    it.each(DAY.map((line) => ({ name: 'sql' in line ? line.sql : line.text, line })))(
      '$name',
      async ({ line }) => {
        if ('sql' in line) return void (await Promise.all([all, alone].map(({ db }) => db.query(line.sql))));
        const { own } = SPANNING[line.text] ?? {};
        if (own !== undefined) expect(await compare(own)).toEqual([]);
        const found = await compare(line.text, line.stdin);
        const other = MEANWHILE[line.text];
        if (other !== undefined) await run(all, other, 'a secret');
        // A change did less under row-level security.
        const isBehind = found.length > 0 && !reading.has(line.path);
        if (isBehind || other !== undefined) await restart();
        if (line.text in SPANNING) expect(found).not.toEqual([]);
        else expect(found).toEqual([]);
      },
    );

    it('has 500 statements and more that need no row of another, and every line that is named here', () => {
      expect(checked).toBeGreaterThanOrEqual(500);
      const lines = DAY.map((line) => ('sql' in line ? line.sql : line.text));
      expect(Object.keys({ ...SPANNING, ...MEANWHILE }).filter((line) => !lines.includes(line))).toEqual([]);
    });
  },
);

/** A table with rows of traders; `isSeenBy` is when a row is nobody's or that of a trader. */
interface TraderTable {
  table: string;
  isSeenBy: (trader: string) => string;
}

async function tablesOfTraders(db: TestDatabase): Promise<TraderTable[]> {
  const { rows } = await db.query(`
    SELECT relname, bool_or(attname = 'user_id') AS named FROM pg_class c JOIN pg_attribute ON attrelid = c.oid
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND attname IN ('user_id', 'order_id')
    GROUP BY 1`);
  return rows.map(({ relname, named }) => ({
    table: String(relname),
    isSeenBy: (trader) =>
      named
        ? `(user_id IS NULL OR user_id = ${trader})`
        : `EXISTS (SELECT FROM orders o WHERE o.order_id = ${relname}.order_id AND o.user_id = ${trader})`,
  }));
}

/** A session sees the trader that its settings name, or everybody. */
function policy({ table, isSeenBy }: TraderTable): string {
  const trader = "coalesce(current_setting('closure.trader', true), '')";
  return `ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE POLICY closure ON ${table} USING (${trader} = '' OR ${isSeenBy(trader)})`;
}

/** The statements that one run has and the other one has not, or with other results. */
function differing(one: readonly Statement[], other: readonly Statement[]): string[] {
  const [ones, others] = [new Set(one.map(masked)), new Set(other.map(masked))];
  const only = (a: Set<string>, b: Set<string>) => [...a].filter((statement) => !b.has(statement));
  return [...only(ones, others), ...only(others, ones)];
}

/** A statement and its results, without what was made up for them: ids, times, keys, secrets, numbers of transactions. */
function masked({ sql, parameters, rows, ends }: Statement): string {
  return JSON.stringify({ sql, parameters, rows: sql.endsWith('returning "txid"') ? [] : rows, ends })
    .replace(/duration_ms\\*":\d+/g, 'time')
    .replace(/\b([a-z]{3})_[0-9A-Z]{26}\b/g, '$1')
    .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?/g, 'time')
    .replace(/[0-9a-f]{32,}|\b[0-9a-f]{8}\b|pne1\.[\w.-]+/g, 'made')
    .replace(/ring\w*\.json/g, 'ring');
}
