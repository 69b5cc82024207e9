import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type CliOptions, cli } from '../helpers/cli.ts';
import { runSql, startServer } from '../helpers/postgres.ts';
import { findRedis, startRedis } from '../helpers/redis.ts';
import type { Secrets } from './leaks.ts';

/** A server that asks for passwords and logs all it can, a Redis that is listened to, and a secret in every place for one. */
export type World = Awaited<ReturnType<typeof buildWorld>>;

/** Of characters that each spelling writes otherwise. */
const canary = (name: string) => `cAnArY/7531+${name}=x?`;

const LOGGED = {
  logging_collector: 'on',
  log_statement: 'all',
  log_connections: 'on',
  log_parameter_max_length: '-1',
  log_parameter_max_length_on_error: '-1',
  log_error_verbosity: 'verbose',
  log_line_prefix: '%m [%p] %a %u@%d ',
};

export async function buildWorld() {
  const secrets: Secrets = new Map(
    [
      'operator',
      'builder',
      'reader',
      'stranger',
      'redis',
      'typed',
      'piped',
      'filed',
      'legacy',
      'mistaken',
    ].map((name) => [name, canary(name)]),
  );
  const secret = (name: string) => String(secrets.get(name));
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-canary-'));
  // The server reads its rules as a user of its own.
  chmodSync(folder, 0o755);
  for (const name of ['home', 'work']) mkdirSync(join(folder, name), { mode: 0o700 });
  const home = (name: string) => join(folder, 'home', name);
  const hba = join(folder, 'hba.conf');
  writeFileSync(hba, 'local all postgres trust\nlocal all all scram-sha-256\n', { mode: 0o644 });

  const [server, redis] = await Promise.all([
    startServer({ hba_file: hba, ...LOGGED }),
    findRedis() && startRedis({ requirepass: secret('redis') }),
  ]);
  const socket = new URL(server.url.replace('@/', '@x/')).searchParams.get('host') ?? '';
  const url = (login: string, password = secret(login)) =>
    `postgres://${login}:${encodeURIComponent(password)}@/book?host=${encodeURIComponent(socket)}`;
  const roles = ['builder', 'operator', 'reader'].map(
    (role) =>
      `CREATE ROLE ${role} LOGIN ${role === 'builder' ? 'CREATEROLE' : ''} PASSWORD '${secret(role)}'`,
  );
  // What the test itself says is no finding.
  const unlogged = 'SET log_statement = none';
  await runSql(server.url, unlogged, ...roles, 'CREATE DATABASE book OWNER builder');

  const { privateKey } = generateKeyPairSync('ed25519');
  secrets.set('signing key', privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32));
  const write = (name: string, text: string, mode = 0o600) => writeFileSync(home(name), text, { mode });
  write('audit.pem', String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  write('migrate-url', url('builder'));
  write('credential', `${secret('filed')}\n`);
  write('print-ring', `#!/bin/sh\nexec cat '${home('keyring.json')}'\n`, 0o700);
  const settings = {
    database: { $env: 'BOOK_URL' },
    migrateUrl: { $file: home('migrate-url') },
    redis: { url: { $env: 'BOOK_REDIS' } },
    broker: { kind: 'paper' },
    audit: { signingKeyFile: home('audit.pem'), anchorFile: join(folder, 'work', 'anchor') },
  };
  write('with-file.json', JSON.stringify({ ...settings, keyring: { file: home('keyring.json') } }));
  write('with-command.json', JSON.stringify({ ...settings, keyring: { command: [home('print-ring')] } }));
  write('without-ring.json', JSON.stringify(settings));
  write('broken.json', `{ "database": "${url('operator')}" "redis": "${secret('redis')}" }`);
  const env: Record<string, string> = {
    PINNACLE_CONFIG: home('with-file.json'),
    BOOK_URL: url('operator'),
    BOOK_REDIS: redis?.url.replace(secret('redis'), encodeURIComponent(secret('redis'))) ?? '',
  };

  let heard = '';
  let listener: ChildProcess | undefined;
  if (redis) {
    listener = spawn(findRedis()?.cli ?? '', ['-p', String(redis.port), 'monitor'], {
      env: { ...process.env, REDISCLI_AUTH: secret('redis') },
    });
    listener.stdout?.on('data', (chunk) => {
      heard += chunk;
    });
  }
  const client = new pg.Client({ connectionString: server.url.replace('/postgres?', '/book?') });
  await client.connect();
  await client.query(unlogged);

  const run = (options: CliOptions, ...argv: string[]) =>
    cli(argv, { cwd: join(folder, 'work'), ...options, env: { ...env, ...options.env } });
  for (const argv of [
    ['migrate', 'up'],
    ['access', 'apply', '--yes'],
  ]) {
    const { code, stderr } = await run({}, ...argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  }
  await client.query('GRANT pinnacle_operator TO operator');
  await client.query('GRANT pinnacle_readonly TO reader');

  return {
    secrets,
    secret,
    url,
    env,
    home,
    work: join(folder, 'work'),
    hasRedis: redis !== undefined,
    run,
    query: (sql: string) => client.query(sql),
    /** All that the server wrote down, and all that Redis was told. */
    log: () => {
      const logs = join(socket, 'data', 'log');
      return readdirSync(logs)
        .map((file) => readFileSync(join(logs, file), 'utf8'))
        .join('');
    },
    heard: () => heard,
    async end() {
      listener?.kill();
      await client.end();
      await Promise.all([server.stop(), redis?.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
