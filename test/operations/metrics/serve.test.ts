import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { readExposition } from '../../helpers/exposition.ts';
import { startServer } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3';

interface Answer {
  status: number | undefined;
  type: string | undefined;
  text: string;
}

/** An answer to a request that may lie about its host. */
async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = request(url, { headers, method });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, type: response.headers['content-type'], text };
}

/** Readings are five seconds apart, and a busy machine needs more. */
const PATIENCE = { timeout: 30_000, interval: 200 };

const gauge = ({ text }: Answer, name: string) =>
  readExposition(text, 'prometheus').find((each) => each.name === `pinnacle_${name}`)?.value;

describe.each(servers)('metrics serve on $name', ({ open }) => {
  let db: TestDatabase;
  const server = ownServer();
  beforeAll(async () => {
    db = await open(4, server());
  });
  afterAll(() => db.close());

  /** A real process that serves; its address. */
  async function serve(...argv: string[]) {
    const run = start(db.env, 'metrics', 'serve', '--listen', '127.0.0.1:0', ...argv);
    const [line] = await once(run.child.stdout, 'data');
    return { ...run, url: String(line).trim() };
  }

  it('answers in the format that is asked for, is told to end, and ends 0', async () => {
    const { url, child, ended } = await serve();
    const plain = await ask(url);
    expect(plain).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' });
    expect(readExposition(plain.text, 'prometheus')).toContainEqual({
      name: 'pinnacle_scrape_success',
      labels: {},
      value: 1,
    });
    const open = await ask(url, { accept: OPEN_METRICS });
    expect(open.type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(readExposition(open.text, 'openmetrics').length).toBeGreaterThan(20);
    expect(await ask(url.replace('metrics', 'healthz'))).toMatchObject({ status: 200, text: 'ok\n' });
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, stdout: `${url}\n`, stderr: '' });
  });

  it('refuses every other path, method and name', async () => {
    const { url, child, ended } = await serve();
    expect((await ask(url.replace('metrics', ''))).status).toBe(404);
    expect((await ask(`${url}/../etc/passwd`)).status).toBe(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await ask(url, {}, method)).status).toBe(405);
    expect(await ask(url, {}, 'HEAD')).toMatchObject({ status: 200, text: '' });
    expect((await ask(url, { host: 'rebound.example.com' })).status).toBe(421);
    for (const host of ['localhost', 'localhost:9187', '[::1]:9187'])
      expect((await ask(url, { host })).status).toBe(200);
    child.kill('SIGINT');
    expect((await ended).code).toBe(0);
  });

  it('is not kept from answering by connections that say nothing, or a letter now and then', async () => {
    const { url, child, ended } = await serve();
    const idle = Array.from({ length: 256 }, () =>
      connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {}),
    );
    await Promise.all(idle.map((socket) => once(socket, 'connect')));
    const slow = idle.filter((_, i) => i % 2 === 0);
    for (const socket of slow) socket.write('GET /metrics HTTP/1.1\r\nX-Slow: ');
    const dripping = setInterval(() => {
      for (const socket of slow) if (socket.writable) socket.write('x');
    }, 500);
    const status = () =>
      ask(url).then(
        (answer) => answer.status,
        () => 'dropped',
      );
    await expect.poll(status, { timeout: 20_000, interval: 500 }).toBe(200);
    clearInterval(dripping);
    for (const socket of idle) socket.destroy();
    child.kill('SIGTERM');
    expect((await ended).code).toBe(0);
  });

  it('reads once for all who ask at once', async () => {
    const count = async () => {
      const { rows } = await db.query(
        'SELECT sum(xact_commit)::int AS n FROM pg_stat_database WHERE datname = current_database()',
      );
      return Number(rows[0]?.['n']);
    };
    const { url, child, ended } = await serve();
    await ask(url);
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(url)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect((await count()) - before).toBeLessThan(25);
    child.kill('SIGTERM');
    await ended;
  });

  it('answers from the last reading while the next one waits, and says how old it is', async () => {
    const readAt = async () => gauge(await ask(url), 'scrape_timestamp_seconds');
    const { url, child, ended } = await serve();
    const locker = new pg.Client({ connectionString: db.env['DATABASE_URL'] });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE risk_rules');
    const before = Date.now() / 1_000;
    const waiting = async () => (await locker.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount;
    await expect.poll(waiting, PATIENCE).toBeGreaterThan(0);
    const answer = await ask(url);
    expect(gauge(answer, 'scrape_success')).toBe(1);
    expect(gauge(answer, 'scrape_timestamp_seconds')).toBeLessThan(before);
    await locker.query('COMMIT');
    await locker.end();
    await expect.poll(readAt, PATIENCE).toBeGreaterThan(before);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends at once while a reading waits', async () => {
    const { url, child, ended } = await serve();
    await ask(url);
    const locker = new pg.Client({ connectionString: db.env['DATABASE_URL'] });
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE risk_rules');
    const waiting = async () => (await locker.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount;
    await expect.poll(waiting, PATIENCE).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    await locker.end();
  });

  it('counts each change once, also one that was under way while later ones ended', async () => {
    const { url, child, ended } = await serve();
    const counted = async () => {
      const series = readExposition((await ask(url)).text, 'prometheus');
      return series
        .filter(({ name }) => name === 'pinnacle_command_duration_seconds_count')
        .map(({ labels, value }) => `${labels['command']} ${labels['outcome']} ${value}`);
    };
    const entry = (command: string, ms: number) =>
      `INSERT INTO audit_log (command, target, body) VALUES ('${command}', 'x', '{"by":{"duration_ms":${ms},"os_user":"x"}}')`;
    await counted();
    const slow = new pg.Client({ connectionString: db.env['DATABASE_URL'] });
    await slow.connect();
    await slow.query(`BEGIN; ${entry('slow one', 10)}; ${entry('slow one', 20)}`);
    await db.query(entry('quick one', 30));
    await expect.poll(counted, PATIENCE).toContain('quick one done 1');
    expect(await counted()).not.toContain('slow one done 1');
    await slow.query('COMMIT');
    await slow.end();
    await expect.poll(counted, PATIENCE).toContain('slow one done 1');
    await db.query(entry('quick one', 30));
    await expect.poll(counted, PATIENCE).toContain('quick one done 2');
    expect(await counted()).toContain('slow one done 1');
    child.kill('SIGTERM');
    await ended;
  });

  it('says within seconds that the database went away, and that it came back', async () => {
    const own = await startServer();
    await cli(['migrate', 'up'], { env: { DATABASE_URL: own.url } });
    const run = start({ DATABASE_URL: own.url }, 'metrics', 'serve', '--listen', '127.0.0.1:0');
    const url = String((await once(run.child.stdout, 'data'))[0]).trim();
    const success = async () => gauge(await ask(url), 'scrape_success');
    expect(await success()).toBe(1);
    own.signal('SIGQUIT');
    await expect.poll(success, PATIENCE).toBe(0);
    await own.start();
    await expect.poll(success, PATIENCE).toBe(1);
    run.child.kill('SIGTERM');
    const { code, stderr } = await run.ended;
    expect(code).toBe(0);
    expect(stderr).toContain('The database answers again.');
    await own.stop();
  });

  it('goes on where the database is away, and says so', async () => {
    const aborted = new AbortController();
    let answer: Answer | undefined;
    const { code, stderr } = await cli(['metrics', 'serve', '--listen', '127.0.0.1:0'], {
      env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' },
      signal: aborted.signal,
      onOutput: async (stdout) => {
        answer = await ask(stdout.trim());
        aborted.abort();
      },
    });
    expect(code).toBe(0);
    expect(readExposition(answer?.text ?? '', 'prometheus')).toContainEqual({
      name: 'pinnacle_scrape_success',
      labels: {},
      value: 0,
    });
    expect(stderr).toContain('cannot be reached');
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ family }) => family === 'IPv6'),
  );
  it.runIf(hasIpv6)('listens at addresses of IPv6, and warns of those that others reach', async () => {
    const at = (host: string) => db.cli('metrics', 'serve', '--listen', `${host}:0`, '--for', '1ms');
    expect(await at('[::1]')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^http:\/\/\[::1\]:\d+\/metrics\n$/),
      stderr: '',
    });
    const { stdout, stderr } = await at('[::]');
    expect(stderr).toContain(new URL(stdout.trim()).host);
  });

  it('says who has its address, and what is no address', async () => {
    const { url, child, ended } = await serve();
    const { host } = new URL(url);
    await db.refused(['metrics', 'serve', '--listen', host], { code: 10, error: 'ADDRESS_IN_USE' });
    for (const wrong of ['9187', '127.0.0.1:99999', '192.0.2.1:9187', 'nowhere.invalid:1'])
      await db.refused(['metrics', 'serve', '--listen', wrong], { code: 2 });
    child.kill('SIGTERM');
    await ended;
  });
});
