import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Context } from '../../context.ts';
import { Failure } from '../../util/failure.ts';

/** A pg_dump of this machine. */
export interface PgDump {
  path: string;
  major: number;
}

const DEBIAN = '/usr/lib/postgresql';
const MAX_STDERR_BYTES = 4_000;

/** The oldest pg_dump here that can read a server of a major version. Throws NO_PG_DUMP (exit 78). */
export async function findPgDump(major: number, searchPath: string | undefined): Promise<PgDump> {
  const versions = await readdir(DEBIAN).catch(() => []);
  const folders = [
    ...versions.map((version) => join(DEBIAN, version, 'bin')),
    ...(searchPath ?? '').split(delimiter).filter(Boolean),
  ];
  const found = (await Promise.all(folders.map((folder) => versionOf(join(folder, 'pg_dump'))))).flat();
  const [fit] = found.filter((each) => each.major >= major).sort((a, b) => a.major - b.major);
  if (fit) return fit;
  const newest = Math.max(...found.map((each) => each.major));
  const here =
    found.length === 0 ? 'there is none on PATH or in /usr/lib/postgresql' : `the newest here is ${newest}`;
  throw new Failure(
    'config',
    'NO_PG_DUMP',
    `The server is PostgreSQL ${major} and needs pg_dump ${major} or newer; ${here}.`,
    {
      hint: `Install it: apt-get install postgresql-client-${major}`,
    },
  );
}

async function versionOf(path: string): Promise<PgDump[]> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 5_000 }).catch(() => ({
    stdout: '',
  }));
  const major = Number(/\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]);
  return major ? [{ path, major }] : [];
}

/** What pg_dump prints. It is killed where the command is interrupted or its reader leaves. */
export async function* runPgDump(
  { path }: PgDump,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
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
