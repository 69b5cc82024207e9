import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CompiledQuery } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject } from 'vitest';
import { fromPostgres } from '../../src/domain/instant.ts';
import { lockFile } from '../../src/platform/files/lock-file.ts';
import { openEmbedded } from '../../src/platform/postgres/embedded.ts';
import type { errorObject } from '../../src/util/failure.ts';
import { findBinaries } from './binaries.ts';
import { type CliOptions, type CliResult, cli } from './cli.ts';
import { keptSession, type Server, startServer } from './postgres.ts';
import { coolDown, keepCold, keepWarm } from './warm-engine.ts';
import { words } from './words.ts';

export type Phase = 0 | 1 | 2 | 3 | 4;
type Rows = { rows: Record<string, unknown>[] };

/** How a command must be refused: exit code, code of the error, and a part of what it says. */
interface Refusal {
  code: number;
  error?: string;
  stderr?: string | RegExp;
}

/** The error that a refused command prints with --json. */
type RefusedError = ReturnType<typeof errorObject>['error'];

export interface Audit {
  command: string;
  target: string;
  actor: string;
  body: Record<string, unknown>;
}

/** A database of one test, cloned from a migrated template. */
export interface TestDatabase {
  name: 'server' | 'embedded';
  /** The environment that points the program at it. */
  env: Record<string, string>;
  query: (sql: string, params?: unknown[]) => Promise<Rows>;
  /** Runs the program against it, in this process. */
  cli: (...argv: string[]) => Promise<CliResult>;
  /** The same with stdin, a terminal, another clock. */
  cliWith: (options: CliOptions, ...argv: string[]) => Promise<CliResult>;
  /** Runs a command with --json that must succeed, and gives what it printed. */
  json: <T = Record<string, unknown>>(...argv: string[]) => Promise<T>;
  /** Runs a command line or its words with --json; it must be refused, print nothing to stdout and change nothing. */
  refused: (
    argv: string | readonly string[],
    refusal: Refusal,
    options?: CliOptions,
  ) => Promise<RefusedError>;
  /** The audit entries, oldest first; of one command, or of those LIKE a pattern. */
  audits: (command?: string) => Promise<Audit[]>;
  /** Another database that begins as this one is now, which nothing else may use meanwhile. */
  copy: () => Promise<TestDatabase>;
  close: () => Promise<void>;
}

export interface DatabaseKind {
  name: 'server' | 'embedded';
  /** On the server of the run, unless another is named. */
  open: (phase?: Phase, serverUrl?: string) => Promise<TestDatabase>;
  /** For suites that start processes of the program, or that replace the folder of the embedded database. */
  openCold: (phase?: Phase) => Promise<TestDatabase>;
}

/** The embedded engine, for what is about that engine, or about both at once. */
export const embedded: DatabaseKind = {
  name: 'embedded',
  open: openEmbeddedFolder,
  openCold: openEmbeddedFolder,
};

/** The kind of database that the suites of this run's lane use. */
export const databases: readonly DatabaseKind[] = [
  inject('kind') === 'server'
    ? { name: 'server', open: openServer, openCold: openServer }
    : { ...embedded, open: async (phase) => cloneFolder(await templateOf(phase), true) },
];

/** All cases of a table; of a long one at most so many on the embedded engine, which starts anew for every command. */
export function sampled<T>(cases: readonly T[], most = 20): readonly T[] {
  const step = inject('kind') === 'server' ? 1 : Math.ceil(cases.length / most);
  return cases.filter((_, i) => i % step === 0);
}

/** The server alone, for what the embedded engine cannot do; empty (and so skipped) in the lane of that engine. */
export const servers = databases.filter(({ name }) => name === 'server');

/**
 * A server of the suite's own, for what an open transaction of another suite would change: an audit entry is sealed
 * only when no transaction of the whole server is older. Gives its URL, once the suite runs.
 */
export function ownServer(): () => string | undefined {
  let server: Server | undefined;
  beforeAll(async () => {
    if (inject('serverUrl') && findBinaries()) server = await startServer();
  });
  afterAll(() => server?.stop());
  return () => server?.url;
}

async function openServer(phase: Phase = 4, server = inject('serverUrl')): Promise<TestDatabase> {
  const admin = await keptSession(server);
  const template = `pinnacle_phase_${phase}_${process.env['VITEST_POOL_ID'] ?? 0}`;
  const known = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (known.rowCount === 0) {
    await admin.query(`CREATE DATABASE ${template}`);
    await migrate({ DATABASE_URL: urlOf(server, template) }, phase);
  }
  return cloneDatabase(server, template);
}

async function cloneDatabase(server: string, template: string): Promise<TestDatabase> {
  const name = `pinnacle_${randomUUID().replaceAll('-', '')}`;
  await (await keptSession(server)).query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  const url = urlOf(server, name);
  let client = await connect(url);
  return face(
    'server',
    { DATABASE_URL: url },
    {
      query: (sql, params) => client.query(sql, params),
      async copy() {
        // A template must have no sessions.
        await client.end();
        const copied = await cloneDatabase(server, name);
        client = await connect(url);
        return copied;
      },
      async close() {
        await client.end().catch(() => {});
        await (await keptSession(server)).query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      },
    },
  );
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, options: '-c TimeZone=UTC', types: { getTypeParser } });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** As the program reads them: timestamps without zone as RFC 3339 text. */
const getTypeParser = ((oid: number, format?: 'text') =>
  oid === 1114 ? fromPostgres : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser;

function urlOf(server: string, database: string): string {
  return server.replace(/(\/\/[^/]*\/)[^?]*/, `$1${database}`);
}

async function openEmbeddedFolder(phase?: Phase): Promise<TestDatabase> {
  return cloneFolder(await templateOf(phase), false);
}

/** The folder of a database of a phase that others are copies of. */
async function templateOf(phase: Phase = 4): Promise<string> {
  const template = join(inject('cacheDir'), `phase-${phase}`);
  const release = await lockFile(`${template}.making`, template, LOCK);
  try {
    if (!existsSync(template)) {
      await migrate(embeddedEnv(`${template}.new`), phase);
      if (phase === 0)
        await (await openEmbedded(`${template}.new`, { ...LOCK, cacheDir: pinnacleCache() })).close();
      await copyFolder(`${template}.new`, template);
    }
  } finally {
    await release();
  }
  return template;
}

const LOCK = { pid: process.pid, command: 'test', timeoutMs: 120_000, signal: new AbortController().signal };

async function cloneFolder(template: string, warm: boolean): Promise<TestDatabase> {
  const folder = join(inject('cacheDir'), 'data');
  const dir = join(folder, randomUUID());
  await mkdir(folder, { recursive: true });
  await copyFolder(template, dir);
  if (warm) keepWarm(dir);
  return face('embedded', embeddedEnv(dir), {
    async copy() {
      await coolDown(dir);
      return cloneFolder(dir, warm);
    },
    async query(sql, params = []) {
      const connection = await openEmbedded(dir, { ...LOCK, cacheDir: pinnacleCache() });
      try {
        return (await connection.kysely.executeQuery(CompiledQuery.raw(sql, params))) as Rows;
      } finally {
        await connection.close();
      }
    },
    async close() {
      await keepCold(dir);
      await rm(dir, { recursive: true, force: true });
    },
  });
}

/** In a quarter of the time that fs.cp takes for a thousand files. */
const copyFolder = (from: string, to: string) => promisify(execFile)('cp', ['-R', from, to]);

const pinnacleCache = () => join(inject('cacheDir'), 'pinnacle');

function embeddedEnv(dir: string): Record<string, string> {
  return { PINNACLE_DATABASE: 'embedded', PINNACLE_DATA_DIR: dir, XDG_CACHE_HOME: inject('cacheDir') };
}

async function migrate(env: Record<string, string>, phase: Phase): Promise<void> {
  if (phase === 0) return;
  const { code, stderr } = await cli(['migrate', 'up', '--strict', '--to', String(phase)], {
    env: { ...env, XDG_CACHE_HOME: inject('cacheDir') },
  });
  if (code !== 0) throw new Error(`the template of phase ${phase} could not be made: ${stderr}`);
}

function face(
  name: TestDatabase['name'],
  given: Record<string, string>,
  { query, copy, close }: Pick<TestDatabase, 'query' | 'copy' | 'close'>,
): TestDatabase {
  const env = {
    ...given,
    TMPDIR: tmpdir(),
    XDG_CACHE_HOME: inject('cacheDir'),
    PINNACLE_TIMEOUT: '60s',
    PINNACLE_REDIS_TIMEOUT: '10s',
    // Prices of tests are not those of a market; what is asked about them has a suite of its own.
    PINNACLE_GUARD_PRICE_MOVE: '0',
    PINNACLE_GUARD_SHARES: '0',
    // Other brokers have suites of their own.
    PINNACLE_BROKER: 'paper',
  };
  const cliWith: TestDatabase['cliWith'] = (options, ...argv) =>
    cli(argv, { ...options, env: { ...env, ...options.env } });
  /** The last change that was recorded; the embedded engine would have to start for it. */
  const lastChange = async () =>
    name === 'server'
      ? (await query("SELECT max(id) FROM audit_log WHERE command <> 'denied'").catch(() => undefined))?.rows
      : undefined;
  return {
    name,
    env,
    query,
    copy,
    close,
    cliWith,
    async refused(line, { code, error, stderr }, options = {}) {
      const argv = typeof line === 'string' ? words(line) : line;
      const before = await lastChange();
      const ended = await cliWith(options, ...argv, ...(argv.includes('--json') ? [] : ['--json']));
      const { code: exit, stdout } = ended;
      expect({ argv, code: exit, stdout }).toEqual({ argv, code, stdout: '' });
      const [last = '', ...earlier] = ended.stderr.trimEnd().split('\n').reverse();
      const refusal = JSON.parse(last).error as RefusedError;
      if (error) expect({ argv, error: refusal.code }).toEqual({ argv, error });
      const said = [...earlier.reverse(), refusal.message, refusal.hint].join('\n');
      if (stderr) expect(said).toMatch(stderr);
      expect(await lastChange()).toEqual(before);
      return refusal;
    },
    async audits(command = '%') {
      const { rows } = await query(
        'SELECT command, target, actor, body FROM audit_log WHERE command LIKE $1 ORDER BY id',
        [command],
      );
      return rows.map((row) => ({ ...row, body: JSON.parse(String(row['body'])) })) as unknown as Audit[];
    },
    cli: (...argv) => cliWith({}, ...argv),
    async json<T>(...argv: string[]) {
      const { code, stdout, stderr } = await cliWith({}, ...argv, '--json');
      if (code !== 0) throw new Error(`pinnacle ${argv.join(' ')} ended ${code}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}
