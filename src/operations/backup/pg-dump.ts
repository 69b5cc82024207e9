import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../context.ts';
import { childEnvironment } from '../../platform/config/child-environment.ts';
import { Failure } from '../../util/failure.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A pg_dump of this machine. */
export interface PgDump {
  path: string;
  major: number;
}

const DEBIAN = '/usr/lib/postgresql';
const VERSION_TIMEOUT_MS = 5_000;
const MAX_STDERR_BYTES = 4_000;

/**
 * A pg_dump that can read a server of a major version: the oldest that does among Debian's folders, which are named
 * after the version, else the first on PATH. Runs none but those on PATH. Throws NO_PG_DUMP (exit 78).
 */
export async function findPgDump(major: number, env: Env): Promise<PgDump> {
  const installed = (await readdir(DEBIAN).catch(() => [])).map(Number).filter((version) => version > 0);
  for (const version of installed.filter((each) => each >= major).sort((a, b) => a - b)) {
    const path = join(DEBIAN, String(version), 'bin', 'pg_dump');
    if (await isProgram(path)) return { path, major: version };
  }
  let newest = 0;
  // A relative folder would be one of the current folder.
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter(isAbsolute)) {
    const path = join(folder, 'pg_dump');
    if (!(await isProgram(path))) continue;
    const found = await versionOf(path, env);
    if (found >= major) return { path, major: found };
    newest = Math.max(newest, found);
  }
  newest = Math.max(newest, ...installed);
  const here =
    newest === 0 ? 'there is none on PATH or in /usr/lib/postgresql' : `the newest here is ${newest}`;
  throw new Failure(
    'config',
    'NO_PG_DUMP',
    `The server is PostgreSQL ${major} and needs pg_dump ${major} or newer; ${here}.`,
    { hint: `Install it: apt-get install postgresql-client-${major}` },
  );
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The major version that a pg_dump reports; 0 if it does not. */
async function versionOf(path: string, env: Env): Promise<number> {
  const options = { timeout: VERSION_TIMEOUT_MS, env: childEnvironment(env) };
  const { stdout } = await promisify(execFile)(path, ['--version'], options).catch(() => ({ stdout: '' }));
  return Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1] ?? 0);
}

/** What pg_dump prints. It is killed where the command is interrupted or its reader leaves. */
export async function* runPgDump(
  { path }: PgDump,
  args: readonly string[],
  env: Env,
  ctx: Context,
): AsyncGenerator<Buffer> {
  ctx.signal.throwIfAborted();
  const child = spawn(path, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  ended.catch(() => {});
  const kill = () => void child.kill('SIGKILL');
  ctx.signal.addEventListener('abort', kill, { once: true });
  let message = '';
  child.stderr.on('data', (text: Buffer) => {
    message = `${message}${text.toString('utf8')}`.slice(0, MAX_STDERR_BYTES);
  });
  try {
    yield* child.stdout as AsyncIterable<Buffer>;
    const [code] = await ended;
    ctx.signal.throwIfAborted();
    if (code !== 0) throw dumpFailure(message);
  } finally {
    ctx.signal.removeEventListener('abort', kill);
    kill();
  }
}

/** Why pg_dump failed, without its own words, which may hold values. */
function dumpFailure(message: string): Failure {
  const [, table] = /permission denied for (\w+ \w+)/.exec(message) ?? [];
  if (table)
    return new Failure('forbidden', 'NOT_PERMITTED', `The database role may not read ${table}.`, {
      hint: 'A backup reads everything: as a member of pinnacle_owner (PINNACLE_MIGRATE_URL) or of pg_read_all_data.',
    });
  if (/row-level security|row security/.test(message))
    return new Failure(
      'forbidden',
      'NOT_PERMITTED',
      'Row-level security hides rows from the database role.',
      {
        hint: 'A backup reads everything: give the login BYPASSRLS.',
      },
    );
  if (/connection to server|server closed|terminating connection|could not connect/.test(message))
    return new Failure(
      'unreachable',
      'DATABASE_UNREACHABLE',
      'The server broke off while it was backed up.',
      {
        hint: 'Nothing was written. Try again.',
        retryable: true,
      },
    );
  if (/canceling statement|lock/.test(message))
    return new Failure('busy', 'DATABASE_BUSY', 'Others hold locks that a backup has to wait for.', {
      retryable: true,
    });
  const [, what = 'it does not say why'] = /error: ([a-z][a-z ]{0,60})/i.exec(message) ?? [];
  return new Failure('failure', 'DUMP_FAILED', `pg_dump failed: ${what.trim()}.`);
}
