import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { certify, makeAuthority } from '../../helpers/certificates.ts';
import { servers } from '../../helpers/databases.ts';
import { runSql, type Server, startServer, unprivileged } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';
import { freePort } from '../../helpers/redis.ts';

// A process that waits for its connection lives as long as the server's authentication_timeout, a minute. One that does
// not ends at once, but on a busy machine it takes a while to be given the processor.
const MAX_END_MS = 5_000;

const HBA = `local all all trust
host all scram_user all scram-sha-256
host all md5_user all md5
host all plain_user all password
host all rejected_user all reject
hostssl all secured_user all trust
host all secured_user all reject
host all all all trust
`;

/** Runs a command that cannot connect; `endedMs` is from its message to its end. */
async function failing(url: string) {
  const { child, ended } = start({ DATABASE_URL: url }, 'user', 'list');
  let saidAt = Number.POSITIVE_INFINITY;
  child.stderr.on('data', () => {
    saidAt = performance.now();
  });
  const { code, stdout, stderr } = await ended;
  return { code, stdout, stderr, endedMs: performance.now() - saidAt };
}

describe.each(servers)('a connection that fails', () => {
  let folder: string;
  let server: Server;
  let port: number;
  const sockets: Socket[] = [];
  const listeners = new Map<string, { port: number; close: () => void }>();

  /** Something that listens, but is no PostgreSQL. */
  const listen = async (name: string, talk: (socket: Socket) => void) => {
    const listener = createServer((socket) => {
      sockets.push(socket.on('error', () => {}));
      talk(socket);
    });
    await new Promise<void>((done) => listener.listen(0, '127.0.0.1', done));
    const address = listener.address();
    if (address === null || typeof address === 'string') throw new Error('a TCP listener has a port');
    listeners.set(name, { port: address.port, close: () => listener.close() });
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-failures-'));
    chmodSync(folder, 0o755);
    makeAuthority(folder, 'ours');
    certify(folder, 'ours', 'loopback', 'IP:127.0.0.1');
    writeFileSync(join(folder, 'pg_hba.conf'), HBA);
    if (process.getuid?.() === 0) {
      const { uid, gid } = unprivileged();
      chownSync(join(folder, 'loopback.key'), uid, gid);
    }
    chmodSync(join(folder, 'loopback.key'), 0o600);
    port = await freePort();
    server = await startServer({
      listen_addresses: '127.0.0.1',
      port: String(port),
      hba_file: join(folder, 'pg_hba.conf'),
      ssl: 'on',
      ssl_cert_file: join(folder, 'loopback.pem'),
      ssl_key_file: join(folder, 'loopback.key'),
    });
    await runSql(
      server.url,
      "CREATE ROLE scram_user LOGIN PASSWORD 'right'",
      "CREATE ROLE plain_user LOGIN PASSWORD 'right'",
      "SET password_encryption = 'md5'",
      "CREATE ROLE md5_user LOGIN PASSWORD 'right'",
      'CREATE ROLE rejected_user LOGIN',
      'CREATE ROLE secured_user LOGIN',
      'CREATE ROLE crowded_user LOGIN CONNECTION LIMIT 0',
    );
    await listen('silent', () => {});
    await listen('closing', (socket) => socket.end());
    await listen('foreign', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await listen('plain', (socket) => socket.once('data', () => socket.write('N')));
  }, 120_000);

  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    for (const { close } of listeners.values()) close();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (user: string, database = 'postgres', query = '') =>
    `postgres://${user}@127.0.0.1:${port}/${database}${query}`;
  const to = (name: string, query = '') => `postgres://u@127.0.0.1:${listeners.get(name)?.port}/book${query}`;

  it.each<[string, () => string, number, RegExp]>([
    [
      'scram without a password',
      () => at('scram_user'),
      12,
      /requires a password, but no password was given/,
    ],
    ['md5 without a password', () => at('md5_user'), 12, /requires a password, but no password was given/],
    ['a password in clear, without one', () => at('plain_user'), 12, /but no password was given/],
    ['a wrong password', () => at('scram_user:wrong'), 12, /refused the login/],
    ['an unknown role', () => at('nobody_here'), 12, /refused the login/],
    ['a role that pg_hba.conf rejects', () => at('rejected_user'), 12, /refused the login/],
    ['a server that demands TLS of a role', () => at('secured_user'), 12, /demands TLS, add \?sslmode/],
    ['a role at its connection limit', () => at('crowded_user'), 7, /no connection to spare/],
    ['a database that does not exist', () => at('postgres', 'nowhere'), 78, /no such database/i],
    ['an untrusted certificate', () => at('postgres', 'postgres', '?sslmode=verify-full'), 7, /TLS/],
    ['a server without TLS', () => to('plain', '?sslmode=require'), 7, /does not offer it/],
    ['a port that nothing listens on', () => 'postgres://u@127.0.0.1:1/book', 7, /nothing listens there/],
    ['a socket that does not exist', () => 'postgres://u@/book?host=/nowhere', 7, /no such socket/],
    ['a server that hangs up', () => to('closing'), 7, /cannot be reached/],
    ['a server that never answers', () => to('silent'), 7, /no answer in time/],
    ['a server of another protocol', () => to('foreign'), 7, /cannot be reached/],
  ])('by %s is said in one sentence, and the process ends', async (_what, url, code, message) => {
    const result = await failing(url());
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) });
    expect(result.stderr).toMatch(/@(127\.0\.0\.1:\d+|\/nowhere:5432)\/(postgres|nowhere|book)\b/);
    expect(result.endedMs).toBeLessThan(MAX_END_MS);
  });

  it('names host, port and database where they come from variables', async () => {
    const env = { DATABASE_URL: 'postgres://u@127.0.0.1', PGPORT: '1', PGDATABASE: 'book' };
    const { stderr } = await start(env, 'user', 'list').ended;
    expect(stderr).toContain('The database u@127.0.0.1:1/book cannot be reached');
  });

  it('leaves no session on the server', async () => {
    await failing(at('scram_user'));
    const sessions = () =>
      runSql(
        server.url,
        "SELECT usename FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      );
    // The server notices the end of a connection a moment later.
    await vi.waitFor(async () => expect(await sessions()).toEqual([]), { timeout: MAX_END_MS });
  });
});
