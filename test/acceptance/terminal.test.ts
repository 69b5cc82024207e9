import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, connect as dial, type Socket } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../helpers/binaries.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { type LiveTerminal, startLive } from '../helpers/live-terminal.ts';
import { childrenOf, runSql, type Server, startServer } from '../helpers/postgres.ts';
import { findRedis, freePort, startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';

const WAIT = { timeout: 30_000, interval: 20 };
const TOP = ['top', '--interval', '250ms'];
const WATCH = ['user', 'list', '--watch', '--interval', '250ms'];
const BOTH = [
  { what: 'top', argv: TOP },
  { what: '--watch', argv: WATCH },
];
const ENDINGS = [
  ['q', 0],
  ['\x03', 0],
  ['SIGINT', 0],
  ['SIGTERM', 143],
  ['SIGHUP', 143],
] as const;
/** How a terminal is that nobody has taken. */
const GIVEN_BACK = { alternate: false, cursor: true, paste: false, wrap: true };

describe.each(findBinaries() && findRedis() ? servers : [])('the terminal, on a $name', ({ open }) => {
  let server: Server;
  let redis: TestRedis;
  let db: TestDatabase;
  let folder: string;
  const running: LiveTerminal[] = [];
  beforeAll(async () => {
    [server, redis, folder] = await Promise.all([
      startServer(),
      startRedis(),
      mkdtemp(join(tmpdir(), 'pinnacle-terminal-')),
    ]);
    db = await open(4, server.url);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'asha');
    await given.order(db, { user: 'asha' });
    // Fails in the midst of what it does when it is asked to.
    await writeFile(
      join(folder, 'faulty.cjs'),
      `const later = (work) => process.on('SIGUSR2', () => setTimeout(work, 1));
       const fault = process.env.FAULT;
       if (fault === 'thrown') later(() => { throw new Error('boom'); });
       if (fault === 'rejected') later(() => { Promise.reject(new Error('boom')); });
       if (fault === 'drawing') later(() => { String.prototype.repeat = () => { throw new Error('boom'); }; });`,
    );
  }, 120_000);
  afterEach(async () => {
    server.signalAll('SIGCONT');
    redis.signal('SIGCONT');
    for (const each of running.splice(0)) {
      each.signal('SIGKILL');
      await each.ended.catch(() => {});
    }
  });
  afterAll(async () => {
    await Promise.all([server.stop(), redis.stop()]);
    await rm(folder, { recursive: true });
  });

  const start = (
    size: { columns?: number; rows?: number; env?: Record<string, string>; program?: readonly string[] },
    ...argv: string[]
  ) => {
    const terminal = startLive({ ...size, env: { ...db.env, ...size.env } }, ...argv);
    running.push(terminal);
    return terminal;
  };
  const textOf = (terminal: LiveTerminal) => terminal.screen().join('\n');
  const shows = (terminal: LiveTerminal, text: string) =>
    expect.poll(() => textOf(terminal), WAIT).toContain(text);
  const showsNot = (terminal: LiveTerminal, text: string) =>
    expect.poll(() => textOf(terminal), WAIT).not.toContain(text);
  const stateOf = (terminal: LiveTerminal) => ({
    alternate: terminal.isAlternate(),
    cursor: terminal.isCursorShown(),
    ...terminal.modes(),
  });
  const isTaken = (terminal: LiveTerminal) =>
    expect
      .poll(() => stateOf(terminal), WAIT)
      .toEqual({ alternate: true, cursor: false, paste: true, wrap: false });

  describe.each(BOTH)('of $what', ({ argv }) => {
    it.each(ENDINGS.filter(([how]) => argv === TOP || !/INT|HUP/.test(how)))(
      'is as it was after %j',
      async (how, code) => {
        const terminal = start({}, ...argv);
        await shows(terminal, 'asha');
        await isTaken(terminal);
        if (how.startsWith('SIG')) terminal.signal(how as NodeJS.Signals);
        else terminal.type(how);
        expect(await terminal.ended).toEqual({ code, restored: true });
        expect(stateOf(terminal)).toEqual(GIVEN_BACK);
      },
    );

    it.each(argv === TOP ? ['thrown', 'rejected', 'drawing'] : ['thrown'])(
      'is as it was after a fault of the program, which is told after it: %s',
      async (fault) => {
        const env = { FAULT: fault, NODE_OPTIONS: `--require ${join(folder, 'faulty.cjs')}` };
        const terminal = start({ env }, ...argv);
        await shows(terminal, 'asha');
        terminal.signal('SIGUSR2');
        // What is drawn fails with what is new.
        if (fault === 'drawing') await given.user(db, 'late');
        expect(await terminal.ended).toEqual({ code: 1, restored: true });
        expect(stateOf(terminal)).toEqual(GIVEN_BACK);
        expect(textOf(terminal)).toContain('error: Something went wrong that should not have.');
        expect(textOf(terminal)).not.toMatch(/^ {4}at |boom/m);
      },
    );

    it('ends with it where it is closed', async () => {
      const terminal = start({}, ...argv);
      await shows(terminal, 'asha');
      terminal.hangUp();
      // By the signal: Node would abort.
      expect((await terminal.ended).code).toBe(-constants.signals.SIGHUP);
    });

    it('ends where it is closed and nobody says so', async () => {
      const program = ['setsid', '--wait', process.execPath, resolve('bin/pinnacle.js')];
      const terminal = start({ program }, ...argv);
      await shows(terminal, 'asha');
      const [pid] = childrenOf(await terminal.pid());
      terminal.hangUp();
      await terminal.ended;
      await expect.poll(() => existsSync(`/proc/${pid}`), WAIT).toBe(false);
    });

    it('goes to the shell while it is stopped, and is taken again afterwards', {
      timeout: 120_000,
    }, async () => {
      const env = { HISTFILE: '/dev/null', PINNACLE: `${process.execPath} bin/pinnacle.js` };
      const shell = start({ env, program: ['bash', '--norc', '--noprofile', '-i'] });
      const settings = async (name: string) => {
        const path = join(folder, `${argv[0]}-${name}`);
        shell.type(`stty -g >${path}.new && mv ${path}.new ${path}\r`);
        await expect.poll(() => existsSync(path), WAIT).toBe(true);
        return readFileSync(path, 'utf8');
      };
      await shows(shell, 'bash');
      const before = await settings('before');
      shell.type(`$PINNACLE ${argv.join(' ')}\r`);
      await isTaken(shell);
      await shows(shell, 'asha');
      const [pid = 0] = childrenOf(await shell.pid());
      for (const [i, stop] of ['ctrl-z', 'SIGTSTP', 'SIGSTOP'].entries()) {
        if (stop === 'ctrl-z') shell.type('\x1a');
        else process.kill(pid, stop);
        await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2], WAIT).toBe('T');
        // What cannot be caught leaves a screen behind.
        if (stop !== 'SIGSTOP') {
          await shows(shell, 'Stopped');
          expect(stateOf(shell)).toMatchObject({ alternate: false, cursor: true, wrap: true });
          expect(await settings(`stopped-${i}`)).toBe(before);
        }
        shell.resize(90 - i, 30);
        shell.type('fg\r');
        await isTaken(shell);
        await given.user(db, `asha_${argv[0]}_${i}`);
        await given.order(db, { user: `asha_${argv[0]}_${i}` });
        await shows(shell, `asha_${argv[0]}_${i}`);
        expect(textOf(shell)).not.toContain('Stopped');
      }
      // A key is taken without enter, and not echoed.
      shell.type('q');
      await expect.poll(() => stateOf(shell), WAIT).toMatchObject({ alternate: false, cursor: true });
      expect(await settings('after')).toBe(before);
    });
  });

  it('top quits at once while PostgreSQL neither answers nor closes, also from a command', async () => {
    for (const keys of ['q', '\rqq']) {
      const top = start({}, ...TOP);
      await shows(top, 'TRADERS');
      server.signalAll('SIGSTOP');
      await shows(top, 'DATABASE AWAY');
      const began = performance.now();
      top.type(keys);
      expect(await top.ended).toEqual({ code: 0, restored: true });
      process.stderr.write(`top quit in ${Math.round(performance.now() - began)} ms\n`);
      // A fifth of a second on a machine that does nothing else.
      expect(performance.now() - began).toBeLessThan(2_000);
      server.signalAll('SIGCONT');
    }
  });

  it('top does not leave a halt in silence', async () => {
    const top = start({ columns: 100 }, ...TOP, '--user', 'asha');
    await shows(top, 'TRADERS 1');
    top.type('hasha\r');
    await shows(top, 'Reason');
    server.signalAll('SIGSTOP');
    top.type('news\r');
    await shows(top, 'Running: pinnacle risk halt');
    top.type('q');
    await shows(top, 'error: Interrupted. What was not finished is rolled back.');
    server.signalAll('SIGCONT');
    expect(await db.json('risk', 'status', 'asha')).toEqual([]);
    top.type('xq');
    expect(await top.ended).toEqual({ code: 0, restored: true });
  });

  it('top begins while PostgreSQL and Redis are away, says so, and goes on', {
    timeout: 60_000,
  }, async () => {
    await redis.kill();
    server.signal('SIGINT');
    await expect
      .poll(
        () =>
          runSql(server.url, 'SELECT').then(
            () => true,
            () => false,
          ),
        WAIT,
      )
      .toBe(false);
    const top = start({}, ...TOP);
    await shows(top, 'DATABASE AWAY');
    await server.start();
    await shows(top, 'TRADERS');
    await shows(top, 'REDIS AWAY');
    await redis.start();
    await showsNot(top, 'REDIS AWAY');
    await showsNot(top, 'DATABASE AWAY');
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
  });

  it('top goes on where Redis does not answer, and blames nothing else', async () => {
    const env = { PINNACLE_REDIS_TIMEOUT: '1s' };
    const top = start({ env }, ...TOP);
    await shows(top, 'TRADERS');
    redis.signal('SIGSTOP');
    await shows(top, 'REDIS AWAY');
    const order =
      'order place --order-id unquoted --user asha --symbol TCS --side BUY --quantity 1 --type MARKET';
    expect((await db.cliWith({ env }, ...words(order))).code).toBe(8);
    await shows(top, 'unquoted');
    expect(textOf(top)).not.toContain('DATABASE AWAY');
    redis.signal('SIGCONT');
    await showsNot(top, 'REDIS AWAY');
  });

  it('top connects anew where a host has vanished without a word', { timeout: 60_000 }, async () => {
    const path = join(
      new URL(server.url.replace('@/', '@x/')).searchParams.get('host') ?? '',
      '.s.PGSQL.5432',
    );
    const lines: { near: Socket; far: Socket }[] = [];
    const line = createServer((near) => {
      const far = dial(path);
      lines.push({ near, far });
      for (const end of [near, far]) end.on('error', () => {});
      near.pipe(far).pipe(near);
    });
    const port = await freePort();
    await new Promise<void>((done) => line.listen(port, '127.0.0.1', done));
    const name = new URL(db.env['DATABASE_URL']?.replace('@/', '@x/') ?? '').pathname;
    const url = `postgres://postgres@127.0.0.1:${port}${name}?sslmode=disable`;
    const top = start({ env: { DATABASE_URL: url, PINNACLE_TIMEOUT: '1s' } }, ...TOP);
    await shows(top, 'TRADERS');
    for (const { near, far } of lines.splice(0)) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
    await shows(top, 'DATABASE AWAY');
    await showsNot(top, 'DATABASE AWAY');
    expect(lines.length).toBeGreaterThan(0);
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
    line.close();
    for (const { near, far } of lines) {
      near.destroy();
      far.destroy();
    }
  });

  it('what waiting does not cure ends top where it was typed, with its code', async () => {
    const url = db.env['DATABASE_URL'] ?? '';
    await runSql(server.url, 'CREATE ROLE reader SUPERUSER LOGIN');
    const asReader = url.replace('postgres@', 'reader@');
    const running = start({ env: { DATABASE_URL: asReader } }, ...TOP);
    await shows(running, 'TRADERS');
    await runSql(
      server.url,
      'ALTER ROLE reader NOLOGIN',
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'",
    );
    expect(await running.ended).toEqual({ code: 12, restored: true });
    const cases: [string, number, string][] = [
      [asReader, 12, 'refused the login'],
      [url.replace(/\/[^/?]+\?/, '/no_such_database?'), 78, 'There is no such database'],
      [url.replace(/\/[^/?]+\?/, '/postgres?'), 5, 'pinnacle migrate up'],
    ];
    for (const [DATABASE_URL, code, text] of cases) {
      const top = start({ env: { DATABASE_URL } }, ...TOP);
      expect(await top.ended).toEqual({ code, restored: true });
      expect(top.isAlternate()).toBe(false);
      expect(textOf(top)).toContain(text);
    }
    await runSql(server.url, 'DROP ROLE reader');
  });

  it('top takes what is pasted as text, however it looks', async () => {
    const top = start({}, ...TOP);
    const paste = (text: string) => top.type(`\x1b[200~${text}\x1b[201~`);
    await shows(top, 'TRADERS');
    // Nothing of it is a key: it quits nothing, halts nobody.
    paste('q\rhasha\rasha\r');
    top.type('/');
    paste(`a\x00s\x1b[2Jh\x07a\n\u202e${'x'.repeat(5_000)}`);
    await shows(top, '> ');
    await expect.poll(() => textOf(top), WAIT).toMatch(/x{80}_/);
    top.type('\r');
    await shows(top, 'TRADERS 0');
    top.type('\x1b');
    await shows(top, 'asha');
    expect(await db.json('risk', 'status', 'asha')).toEqual([]);
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
  });

  it('top without a keyboard shows the day until a signal', async () => {
    const program = ['bash', '-c', '"$@" </dev/null', '-', process.execPath, resolve('bin/pinnacle.js')];
    const top = start({ program }, ...TOP, '--count', '3');
    await shows(top, 'TRADERS');
    expect(await top.ended).toEqual({ code: 0, restored: true });
    expect(stateOf(top)).toEqual(GIVEN_BACK);
  });

  it('--watch follows the size, and quits at once while PostgreSQL does not answer', async () => {
    const watching = start({}, ...WATCH);
    await shows(watching, 'asha');
    watching.resize(40, 10);
    await expect.poll(() => watching.screen()[0], WAIT).toMatch(/every 0\.25 s: pinnacle/);
    expect(watching.screen()).toHaveLength(10);
    watching.resize(100, 30);
    await shows(watching, 'asha@example.com');
    server.signalAll('SIGSTOP');
    await new Promise((done) => setTimeout(done, 500));
    const began = performance.now();
    watching.type('q');
    expect(await watching.ended).toEqual({ code: 0, restored: true });
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
