import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { findBinaries, findClient } from './binaries.ts';

/** How long a server may take to start on a busy machine. */
const START_MS = 60_000;

/** A PostgreSQL server of the tests' own: temporary folder, Unix socket only, gone at the end. */
export interface Server {
  url: string;
  /** Sends the server a signal: SIGQUIT ends it as a crash does. */
  signal: (name: NodeJS.Signals) => void;
  /** Sends a signal to every process of it: after SIGSTOP nobody answers and nothing is closed. */
  signalAll: (name: NodeJS.Signals) => void;
  /** Begins it again after it was ended, with the same databases. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/**
 * Starts a server of the version of this run; `settings` are postgres -c settings, `env` what its surroundings have besides those of the
 * tests. fsync is off unless asked for, as nothing here must survive.
 */
export async function startServer(
  settings: Record<string, string> = {},
  parent = tmpdir(),
  bin = findBinaries(),
  env: Record<string, string> = {},
): Promise<Server> {
  if (!bin) throw new Error('no PostgreSQL server binaries on this machine (apt-get install postgresql)');
  const folder = mkdtempSync(join(parent, 'pg-'));
  // PostgreSQL refuses to run as root.
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  // Not in a way that this process stands still: a command that it runs meanwhile has a time limit to connect.
  await promisify(execFile)(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    { ...owner, cwd: folder },
  );
  return launch(bin, folder, owner, settings, env);
}

/** Starts a replica of a server by streaming replication; `settings` as there. */
export async function startReplica(
  primaryUrl: string,
  settings: Record<string, string> = {},
): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'pg-'));
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const primary = new URL(primaryUrl.replace('@/', '@localhost/')).searchParams;
  const source = ['-h', primary.get('host') ?? '', '-p', primary.get('port') ?? '5432', '-U', 'postgres'];
  const how = ['-D', join(folder, 'data'), '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
  await promisify(execFile)(findClient('pg_basebackup') ?? '', [...source, ...how], {
    ...owner,
    cwd: folder,
  });
  return launch(findBinaries() ?? '', folder, owner, settings);
}

async function launch(
  bin: string,
  folder: string,
  owner: { uid: number; gid: number } | undefined,
  settings: Record<string, string>,
  env: Record<string, string> = {},
): Promise<Server> {
  const all: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: folder,
    fsync: 'off',
    full_page_writes: 'off',
    // In the folder too, not in memory that outlives a server that is killed.
    dynamic_shared_memory_type: 'mmap',
    max_connections: '200',
    // A replica needs as many as its primary.
    max_wal_senders: '50',
    ...settings,
  };
  const begin = () => {
    const settings = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), ...settings], {
      ...owner,
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    return { server, ended: new Promise((resolve) => server.once('exit', resolve)) };
  };
  let running = begin();
  const signalAll = (name: NodeJS.Signals) => {
    const { pid, exitCode, signalCode } = running.server;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    for (const child of childrenOf(pid))
      try {
        process.kill(child, name);
      } catch {
        // It has ended meanwhile.
      }
    running.server.kill(name);
  };
  const port = all['port'] ? `&port=${all['port']}` : '';
  const url = `postgres://postgres@/postgres?host=${encodeURIComponent(folder)}${port}`;
  await ready(url);
  return {
    url,
    signal: (name) => running.server.kill(name),
    signalAll,
    async start() {
      await running.ended;
      running = begin();
      await ready(url);
    },
    async stop() {
      signalAll('SIGCONT');
      running.server.kill('SIGINT');
      await running.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The processes that a process has started and that run. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);

/** Whom servers run as where the tests run as root, which servers refuse. */
export function unprivileged(): { uid: number; gid: number } {
  for (const user of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // That user does not exist here: try the next.
    }
  }
  throw new Error('no unprivileged user to run PostgreSQL as');
}

async function ready(url: string): Promise<void> {
  const end = performance.now() + START_MS;
  while (performance.now() < end) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    const up = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => {});
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('PostgreSQL did not start');
}

/** Runs statements one after another as the login of a URL; gives what the last one returned. */
export async function runSql(url: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

const kept = new Map<string, Promise<pg.Client>>();

/** A session that lasts as long as this process and the server; the same for everybody who asks. */
export function keptSession(url: string): Promise<pg.Client> {
  const open = async () => {
    const client = new pg.Client({ connectionString: url });
    // A suite may end its server.
    client.on('error', () => {}).on('end', () => kept.delete(url));
    await client.connect();
    return client;
  };
  const session = kept.get(url) ?? open();
  kept.set(url, session);
  session.catch(() => kept.delete(url));
  return session;
}

/** Gives a login the schema public of a database, which before PostgreSQL 15 belongs to a superuser whoever owns the database. */
export async function ownSchema(url: string, owner: string): Promise<void> {
  await runSql(
    url,
    `DO $$ BEGIN IF current_setting('server_version_num')::int < 150000 THEN ALTER SCHEMA public OWNER TO ${owner}; END IF; END $$`,
  );
}
