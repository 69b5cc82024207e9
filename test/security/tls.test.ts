import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withDatabase } from '../../src/platform/postgres/server-url.ts';
import { protectionOf } from '../../src/platform/postgres/tls.ts';
import { certify, makeAuthority } from '../helpers/certificates.ts';
import { cli } from '../helpers/cli.ts';
import { servers } from '../helpers/databases.ts';
import { type Server, startServer } from '../helpers/postgres.ts';
import { freePort } from '../helpers/redis.ts';

describe.each(servers)('TLS to a real server', () => {
  let folder: string;
  const running: Record<string, { server: Server; port: number }> = {};

  /** A server on a loopback port, with a certificate or without TLS; what the socket's owner is may read its key. */
  const serve = async (name: string, certificate?: string) => {
    const port = await freePort();
    const files = certificate
      ? {
          ssl: 'on',
          ssl_cert_file: `${folder}/${certificate}.pem`,
          ssl_key_file: `${folder}/${certificate}.key`,
        }
      : {};
    const server = await startServer({ listen_addresses: '127.0.0.1', port: String(port), ...files });
    running[name] = { server, port };
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-tls-'));
    chmodSync(folder, 0o755);
    makeAuthority(folder, 'ours');
    makeAuthority(folder, 'theirs');
    certify(folder, 'ours', 'loopback', 'IP:127.0.0.1,DNS:localhost');
    certify(folder, 'ours', 'elsewhere', 'DNS:db.elsewhere.example');
    if (process.getuid?.() === 0) {
      const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
      for (const name of ['loopback', 'elsewhere'])
        chownSync(join(folder, `${name}.key`), id('-u'), id('-g'));
    }
    for (const name of ['loopback', 'elsewhere']) chmodSync(join(folder, `${name}.key`), 0o600);
    await Promise.all([serve('right', 'loopback'), serve('wrong', 'elsewhere'), serve('plain')]);
  });
  afterAll(async () => {
    await Promise.all(Object.values(running).map(({ server }) => server.stop()));
    rmSync(folder, { recursive: true, force: true });
  });

  const url = (server: string, query: string, host = '127.0.0.1') =>
    `postgres://postgres@${host}:${running[server]?.port}/postgres?${query.replaceAll('{ca}', folder)}`;
  const status = (at: string, ...flags: string[]) =>
    cli(['migrate', 'status', '--json', ...flags], { env: { DATABASE_URL: at } });

  it.each(['127.0.0.1', 'localhost'])('trusts the right host %s by its authority', async (host) => {
    const { code, stderr } = await status(
      url('right', 'sslmode=verify-full&sslrootcert={ca}/ours.pem', host),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it.each([
    ['another host', 'wrong', 'sslmode=verify-full&sslrootcert={ca}/ours.pem', 'for another host'],
    [
      'another authority',
      'right',
      'sslmode=verify-full&sslrootcert={ca}/theirs.pem',
      'not from a trusted authority',
    ],
    ['an authority nobody named', 'right', 'sslmode=verify-full', 'not from a trusted authority'],
    ['no TLS at all', 'plain', 'sslmode=verify-full&sslrootcert={ca}/ours.pem', 'does not offer it'],
    ['no TLS at all, by ssl=true', 'plain', 'ssl=true', 'does not offer it'],
  ])('refuses %s', async (_what, server, query, reason) => {
    const { code, stdout, stderr } = await status(url(server, query));
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
    const { error } = JSON.parse(stderr);
    expect(error.code).toBe('TLS_REFUSED');
    expect(error.message).toContain(reason);
    // What the certificate says of itself is text of whoever answers.
    expect(stderr).not.toContain('elsewhere');
  });

  it('a backup goes over the same connection', async () => {
    const at = url('right', 'sslmode=verify-full&sslrootcert={ca}/ours.pem');
    const run = (...argv: string[]) => cli(argv, { env: { DATABASE_URL: at, XDG_CACHE_HOME: folder } });
    expect((await run('migrate', 'up', '--to', '1')).code).toBe(0);
    const file = join(folder, 'file');
    const { code, stderr } = await run('backup', 'create', '--output', file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  it('another database of a server is named in its URL', () => {
    expect(withDatabase('postgres://me@db1/prod?sslmode=disable', 'a b')).toBe(
      'postgres://me@db1/a%20b?sslmode=disable',
    );
  });

  it('--insecure-tls takes the wrong certificate, says so and leaves a trace of it', async () => {
    const at = url('wrong', 'sslmode=verify-full&sslrootcert={ca}/ours.pem');
    const run = (...argv: string[]) => cli([...argv, '--insecure-tls'], { env: { DATABASE_URL: at } });
    expect((await run('migrate', 'up', '--to', '1')).code).toBe(0);
    const added = await run(
      'user',
      'add',
      '--user-id',
      'ravi',
      '--name',
      'Ravi',
      '--email',
      'ravi@example.com',
      '--json',
    );
    expect(added.code).toBe(0);
    expect(added.stderr).toContain('not verified');
    const { default: pg } = await import('pg');
    const client = new pg.Client({
      connectionString: running['wrong']?.server.url,
    });
    await client.connect();
    const { rows } = await client.query("SELECT body FROM audit_log WHERE target = 'user ravi'");
    await client.end();
    expect(JSON.parse(rows[0].body).by).toMatchObject({ tls: 'insecure' });
  });

  it('a CA file that is not there is exit 78, not a server that cannot be reached', async () => {
    const { code, stderr } = await status(url('right', 'sslmode=verify-full&sslrootcert={ca}/absent.pem'));
    expect(code).toBe(78);
    expect(stderr).toContain('sslrootcert');
  });
});

describe('what a URL may ask for away from this machine', () => {
  const status = (url: string, ...flags: string[]) =>
    cli(['migrate', 'status', '--json', ...flags], { env: { DATABASE_URL: url } });

  it.each(['disable', 'allow', 'prefer', 'require', 'no-verify'])('sslmode=%s ends 78', async (mode) => {
    const { code, stderr } = await status(`postgres://u:canary@db.invalid/x?sslmode=${mode}`);
    expect(code).toBe(78);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'TLS_TOO_WEAK' });
    expect(stderr).toContain('--insecure-tls');
    expect(stderr).not.toContain('canary');
  });

  it.each(['ssl=0', 'ssl=false', 'ssl=no-verify', 'sslmode=verify-full&sslmode=disable', 'SSLMODE=disable'])(
    '%s is no way around it',
    async (query) => {
      expect((await status(`postgres://u@db.invalid/x?${query}`)).code).toBe(78);
    },
  );

  it('a mode that does not exist ends 78', async () => {
    expect((await status('postgres://u@db.invalid/x?sslmode=verify')).code).toBe(78);
  });

  it.each([
    [undefined, 'db.example', false, { ssl: { rejectUnauthorized: true } }],
    ['verify-full', 'db.example', false, { ssl: { rejectUnauthorized: true } }],
    ['verify-full', '127.0.0.1', false, { ssl: { rejectUnauthorized: true } }],
    [undefined, '127.0.0.1.example', false, { ssl: { rejectUnauthorized: true } }],
    [undefined, '127.evil.example', false, { ssl: { rejectUnauthorized: true } }],
    [undefined, 'db.example', true, { ssl: { rejectUnauthorized: false }, lacks: 'unverified' }],
    ['disable', 'db.example', true, { ssl: false, lacks: 'plain' }],
    [undefined, '/var/run/postgresql', false, { ssl: false, lacks: 'plain' }],
  ])('sslmode %s at %s, insecure %s', (mode, host, insecure, expected) => {
    expect(protectionOf(mode, host, insecure)).toEqual(expected);
  });
});
