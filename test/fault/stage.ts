import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type CliOptions, type CliResult, cli } from '../helpers/cli.ts';
import { dayOf, everyCommand, fillIn, type Line, remember } from '../helpers/day.ts';
import { type Server, startServer } from '../helpers/postgres.ts';
import { type Running, startWith } from '../helpers/process.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';
import type { Program } from '../model/check.ts';
import { type Cutter, startProxy } from './proxy.ts';
import { postgresReader, redisReader } from './wire.ts';

/** A command of the day with the state of the world before it, in which it can be run as often as wanted. */
export interface Scene {
  /** As it is typed. */
  text: string;
  argv: readonly string[];
  options: CliOptions;
  path: string;
}

/** A copy of the world before the command. */
export interface Copy {
  name: string;
  env: Record<string, string>;
  /** What the database holds, without what no two runs have alike. */
  state: () => Promise<string>;
  /** Takes away the file of new keys of an attempt whose end nobody knows, as whoever tries again must. */
  takeKeys: () => void;
  /** How many changes wait for Redis. */
  waiting: () => Promise<number>;
  close: () => Promise<void>;
}

export interface Stage {
  postgres: Cutter;
  redisProxy: Cutter;
  redis: TestRedis;
  copy: () => Promise<Copy>;
  run: (copy: Copy, ...more: string[]) => Promise<CliResult>;
  start: (copy: Copy, ...more: string[]) => Running;
  /** Runs another command there. */
  other: (copy: Copy, ...argv: string[]) => Promise<CliResult>;
}

const PATIENCE = 30_000;
/** Stands for the name of the database in a command. */
const DATABASE = 'NAME_OF_DATABASE';

interface Play {
  /** Which of the writes are shown. */
  isWanted: (path: string) => boolean;
  /** Is shown a write before it happens; true where the rest of the day is of no more use. */
  watch: (scene: Scene, stage: Stage) => Promise<boolean | undefined>;
  /** Another build of the program. */
  program?: Program;
}

/** Plays the day on a database of its own, and shows each write of it before it happens. */
export async function playDay({ isWanted, watch, program = cli }: Play): Promise<void> {
  const commands = await everyCommand();
  const effects = new Map(commands.map(({ path, effect }) => [path, effect]));
  const [server, redis] = await Promise.all([startServer(), startRedis()]);
  const stage = await open(server, redis, program);
  try {
    for (const line of dayOf(commands)) {
      if ('path' in line && effects.get(line.path) === 'read') continue;
      const scene = await stage.enter(line);
      if (scene && isWanted(scene.path) && (await watch(scene, stage))) return;
      await stage.goOn(line, scene);
    }
  } finally {
    await stage.close();
    await Promise.all([server.stop(), redis.stop()]);
  }
}

async function open(server: Server, redis: TestRedis, program: Program) {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-fault-'));
  const [ring, world] = [join(folder, 'keyring.json'), 'world'];
  const socket = new URL(server.url.replace('@/', '@localhost/')).searchParams;
  const path = `${socket.get('host')}/.s.PGSQL.${socket.get('port') ?? 5432}`;
  const [postgres, redisProxy] = await Promise.all([
    startProxy(
      { path },
      { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
    ),
    startProxy({ port: redis.port }, { client: redisReader, server: redisReader }),
  ]);
  const admin = new pg.Client({ connectionString: server.url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${world}`);
  const direct = (name: string) => server.url.replace(/(\/\/[^/]*\/)[^?]*/, `$1${name}`);
  const through = (name: string) => `postgres://postgres@127.0.0.1:${postgres.port}/${name}`;
  const known: Record<string, string> = { secret: 'a broker secret' };
  const surroundings = { DATABASE_URL: direct(world), REDIS_URL: redis.url, PINNACLE_KEYRING_FILE: ring };
  const query = async (name: string, sql: string) => {
    const client = new pg.Client({ connectionString: direct(name) });
    await client.connect();
    return client.query(sql).finally(() => client.end());
  };
  const onWorld = { query: (sql: string) => query(world, sql) };
  await cli(['migrate', 'up'], { env: surroundings });
  let scene: Scene | undefined;

  const keysOf = (name: string) => [`${ring}.${name}.csv`];
  const copy = async (): Promise<Copy> => {
    const name = `copy_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${world} STRATEGY FILE_COPY`);
    const its = join(folder, `${name}.json`);
    if (existsSync(ring)) cpSync(ring, its);
    const client = new pg.Client({ connectionString: direct(name) });
    await client.connect();
    return {
      name,
      env: {
        DATABASE_URL: through(name),
        REDIS_URL: `redis://127.0.0.1:${redisProxy.port}`,
        PINNACLE_BROKER: 'paper',
        PINNACLE_KEYRING_FILE: its,
      },
      state: () => stateOf(client),
      takeKeys() {
        for (const file of keysOf(name)) rmSync(file, { force: true });
      },
      waiting: async () => (await client.query('SELECT FROM realtime_outbox')).rows.length,
      async close() {
        await client.end();
        for (const file of [its, ...keysOf(name)]) rmSync(file, { force: true });
        await dropWhenLeft(admin, name);
      },
    };
  };

  /** The words of the command about a copy: its database, and a file of new keys of its own. */
  const wordsFor = (where: Copy) =>
    (scene?.argv ?? []).map((word) =>
      word === DATABASE ? where.name : word.replace(/[0-9a-f-]{36}(?=\.csv$)/, where.name),
    );

  return {
    postgres,
    redisProxy,
    redis,
    copy,
    run: (where: Copy, ...more: string[]) =>
      program([...wordsFor(where), ...more], {
        ...scene?.options,
        env: where.env,
      }),
    other: (where: Copy, ...argv: string[]) => program(argv, { env: where.env }),
    /** The same as a process of its own. */
    start: (where: Copy, ...more: string[]) =>
      startWith({ ...scene?.options, env: where.env }, ...wordsFor(where), ...more),
    async enter(line: Line): Promise<Scene | undefined> {
      if ('sql' in line) return undefined;
      // What names the database is about the copy that the command is run on.
      const argv = words(await fillIn(line.text.replace('{database}', DATABASE), onWorld, ring, known));
      const stdin = line.stdin && (await fillIn(line.stdin, onWorld, ring, known));
      scene = { text: line.text, path: line.path, argv, options: { cwd: folder, ...(stdin && { stdin }) } };
      return scene;
    },
    /** What the line does for good. */
    async goOn(line: Line, scene: Scene | undefined): Promise<void> {
      if ('sql' in line) return void (await onWorld.query(line.sql));
      if (!scene) return;
      const argv = scene.argv.map((word) => word.replace(DATABASE, world));
      const { stdout } = await cli(argv, { ...scene.options, env: surroundings });
      remember(stdout, known);
    },
    async close() {
      await admin.end();
      await Promise.all([postgres.close(), redisProxy.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** No session may be left: the server ends one that was cut off when it next reads from it. */
export async function dropWhenLeft(admin: pg.Client, name: string): Promise<void> {
  const until = performance.now() + PATIENCE;
  for (;;) {
    try {
      return void (await admin.query(`DROP DATABASE ${name}`));
    } catch (error) {
      if (performance.now() > until) throw error;
    }
  }
}

/** What no two runs have alike: ids that are made up, times, hashes, what is encrypted. */
const CHANCE: readonly [RegExp, string][] = [
  [/\b([a-z]{3})_[0-9A-Z]{26}\b/g, '$1_'],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?/g, 'TIME'],
  [/\b[0-9a-f]{64}\b/g, 'HASH'],
  [/\bkey [0-9a-f]{8}\b/g, 'key'],
  [/pne1\.[\w.-]+/g, 'SEALED'],
  [/\\?"(key_id|fingerprint)\\?":\\?"[^"]*"/g, '"$1"'],
  [/\\?"duration_ms\\?":\d+/g, 'duration_ms'],
  [/\\?"os_user\\?":\\?"\w+\\?"/g, 'os_user'],
  [/\/[\w/.-]*copy_\w+(\.json)?/g, 'FILE'],
  [/copy_[0-9a-f]{32}/g, 'copy'],
];

/** The rows of every table but seals and what waits for Redis, which follow a change and may be late. */
export async function stateOf(client: pg.Client): Promise<string> {
  const { rows: tables } = await client.query<{ name: string; columns: string }>(`
    SELECT c.relname AS name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
      AND c.relname NOT IN ('audit_seals', 'realtime_outbox', 'idempotency_keys')
      AND NOT (a.attidentity <> '' OR a.attname IN ('txid', 'seq', 'duration_ms'))
    GROUP BY c.relname ORDER BY c.relname`);
  if (tables.length === 0) return '';
  const { rows } = await client.query<{ name: string; row: string }>(
    tables
      .map(
        ({ name, columns }) =>
          `SELECT '${name}' AS name, to_json(t)::text AS row FROM (SELECT ${columns} FROM ${name}) t`,
      )
      .join(' UNION ALL '),
  );
  const lines = rows.map(({ name, row }) =>
    CHANCE.reduce((text, [chance, word]) => text.replace(chance, word), `${name} ${row}`),
  );
  // That something was refused is no change.
  return lines
    .filter((line) => !/^audit_log .*"command":"denied"/.test(line))
    .sort()
    .join('\n');
}
