import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';
import { freePort, startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const SET = words('market set TCS --ltp 10');
const PLACE = words('order place --user u --symbol TCS --side BUY --quantity 1 --type LIMIT --price 10');

describe.each(servers)('what is settled with Redis before the first key, beside the $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    await given.user(db, 'u');
    for (const [user, rights] of [
      ['unselecting', ['+@all', '-select']],
      ['unnaming', ['+@all', '-client']],
    ] as const)
      await redis.cli('acl', 'setuser', user, 'on', '>secret', '~*', ...rights);
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));

  const at = (rest: string, login = '') => ({ REDIS_URL: `redis://${login}127.0.0.1:${redis.port}${rest}` });
  const keysIn = (database: number) => redis.cli('-n', String(database), 'dbsize');

  it.each([
    ['a database that the server has not', '/16', '', 78, 'has no database 16'],
    ['the same, written otherwise', '?db=16', '', 78, 'has no database 16'],
    ['two databases', '/2?db=3', '', 78, 'names two databases: 2, 3'],
    ['a parameter that nobody honours', '?timeout=5', '', 78, 'a parameter that is not supported: timeout'],
    ['a user who may not select', '/3', 'unselecting:secret@', 12, 'may not select database 3'],
    ['a wrong password', '', 'unnaming:wrong@', 12, 'refused the login'],
  ])('%s is refused, and nothing is written anywhere', async (_what, rest, login, code, message) => {
    const refused = await db.cliWith({ env: at(rest, login) }, ...SET);
    expect(refused).toMatchObject({ code, stdout: '' });
    expect(refused.stderr).toContain(message);
    expect(await redis.cli('info', 'keyspace')).not.toContain('db');
  });

  it('a change waits while its database cannot be selected', async () => {
    expect(await db.cliWith({ env: at('/16') }, ...PLACE)).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('has no database 16'),
    });
    expect(await db.cliWith({ env: at('/16') }, 'realtime', 'drain')).toMatchObject({ code: 8 });
    expect(await keysIn(0)).toBe('0');
    expect(await db.cliWith({ env: at('/4') }, 'realtime', 'drain')).toMatchObject({ code: 0 });
    expect([await keysIn(0), await keysIn(4)]).toEqual(['0', '3']);
    await redis.cli('flushall');
  });

  it('a password that the server does not ask for is not worth a word', async () => {
    const { REDIS_URL } = at('', ':secret@');
    const { code, stderr } = await start({ ...db.env, REDIS_URL }, ...SET, '--json').ended;
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('WARN')]);
    await redis.cli('flushall');
  });

  it('?db= is a database like any other, and a user without a name is a user', async () => {
    expect(await db.cliWith({ env: at('?db=3', 'unnaming:secret@') }, ...SET)).toMatchObject({ code: 0 });
    expect([await keysIn(0), await keysIn(3)]).toEqual(['0', '1']);
    await redis.cli('flushall');
  });

  it('a cluster has one database', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-set-up-'));
    const file = join(folder, 'config.json');
    writeFileSync(file, JSON.stringify({ redis: { cluster: [`127.0.0.1:${redis.port}`] } }));
    expect(await db.cliWith({ env: at('/3') }, ...SET, '--config', file)).toMatchObject({
      code: 78,
      stdout: '',
    });
  });

  it.each([
    ['never answers', silent],
    ['drops every packet', dropping],
  ])('a process waits for a Redis that %s no longer than it is given', async (_what, open) => {
    const { port, close } = await open();
    const took = async (...argv: string[]) => {
      const started = performance.now();
      const { code } = await start(
        { ...db.env, REDIS_URL: `redis://127.0.0.1:${port}`, PINNACLE_REDIS_TIMEOUT: '300ms' },
        ...argv,
      ).ended;
      return { code, ms: performance.now() - started };
    };
    try {
      const without = await took('user', 'list');
      for (const [argv, code] of [
        [['market', 'get', 'TCS'], 7],
        [PLACE, 8],
      ] as const) {
        const ended = await took(...argv);
        expect(ended.code).toBe(code);
        // What a process takes without Redis, and a machine that is busy.
        expect(ended.ms - without.ms).toBeLessThan(300 + 1_500);
      }
    } finally {
      close();
    }
  });
});

/** A server that takes connections and never says a word. */
async function silent() {
  const sockets = new Set<Socket>();
  const hole = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()));
  const port = await freePort();
  await new Promise<void>((done) => hole.listen(port, '127.0.0.1', done));
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy();
      hole.close();
    },
  };
}

/** A server whose queue of connections is full: the kernel drops what else would connect. */
async function dropping() {
  const child = spawn(process.execPath, ['-e', FULL_QUEUE], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(child.stdout, 'data');
  const port = Number(text);
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await once(sockets[0] as Socket, 'connect');
  return {
    port,
    close() {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}

const FULL_QUEUE = `const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });`;
