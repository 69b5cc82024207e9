import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { unprivileged } from './postgres.ts';
import { until } from './topologies.ts';

/** A PgBouncer of the tests' own in front of a server, in transaction mode with one server session a database, so that whoever needs two at once waits for ever. */
export interface Bouncer {
  /** The URL of a database by way of it. */
  urlOf: (database: string) => string;
  stop: () => Promise<void>;
}

const MISSING = 'no pgbouncer on this machine: nothing is tested through it (apt-get install pgbouncer)';
const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/bin'];

/** Where pgbouncer is, if anywhere on this machine. */
export function findBouncer(): string | undefined {
  const folder = FOLDERS.find((each) => existsSync(join(each, 'pgbouncer')));
  if (folder !== undefined) return join(folder, 'pgbouncer');
  if (process.env['CI']) throw new Error(MISSING);
  process.stderr.write(`\n*** ${MISSING}\n\n`);
  return undefined;
}

/** Starts PgBouncer in front of a server on a Unix socket; `settings` are lines of pgbouncer.ini. */
export async function startBouncer(
  serverUrl: string,
  settings: Record<string, string> = {},
): Promise<Bouncer> {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bouncer-'));
  const owner = process.getuid?.() === 0 ? unprivileged() : undefined;
  const server = new URL(serverUrl.replace('@/', '@localhost/')).searchParams;
  const all = {
    pool_mode: 'transaction',
    default_pool_size: '1',
    max_client_conn: '2000',
    // As many as may come at once: a socket that is full refuses.
    listen_backlog: '1024',
    auth_type: 'any',
    listen_addr: '',
    listen_port: '6432',
    unix_socket_dir: folder,
    logfile: join(folder, 'log'),
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
  const behind = `host=${server.get('host')} port=${server.get('port') ?? 5432} user=postgres`;
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, `[databases]\n* = ${behind}\n[pgbouncer]\n${lines.join('\n')}\n`);
  if (owner) chownSync(folder, owner.uid, owner.gid);
  const bouncer = spawn(findBouncer() ?? '', ['--quiet', file], { ...owner, cwd: folder, stdio: 'ignore' });
  const urlOf = (database: string) =>
    `postgres://postgres@/${database}?host=${encodeURIComponent(folder)}&port=6432`;
  await until(() => answers(urlOf('postgres')));
  return {
    urlOf,
    async stop() {
      const ended = new Promise((resolve) => bouncer.once('exit', resolve));
      bouncer.kill('SIGQUIT');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  return client.connect().then(
    () => client.end().then(() => true),
    () => false,
  );
}
