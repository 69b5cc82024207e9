import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell, start } from '../helpers/process.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { TIMED } from '../helpers/timed.ts';
import { until } from '../helpers/topologies.ts';
import { words } from '../helpers/words.ts';

describe.each(servers)('watching the $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [redis, db] = await Promise.all([startRedis(), open()]);
    Object.assign(db.env, { REDIS_URL: redis.url, PINNACLE_REDIS_TIMEOUT: '1s' });
    await Promise.all([given.user(db, 'u'), given.user(db, 'v')]);
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(() => db.query('DELETE FROM notifications'));

  /** Waits until somebody listens to a stream, or nobody any more. */
  async function listening(some = true) {
    while ((await redis.cli('client', 'list')).includes('cmd=xread') !== some) await sleep(20);
  }
  /** Begins to watch, runs something meanwhile, and gives what was shown in the end. */
  async function watch(
    line: string,
    meanwhile: (shown: (lines: number) => Promise<unknown>) => Promise<unknown>,
  ) {
    let lines = 0;
    const onOutput = (text: string) => {
      lines = text.split('\n').length - 1;
    };
    const watching = db.cliWith({ onOutput }, ...words(line));
    await listening();
    await meanwhile((wanted) => until(() => lines >= wanted));
    const { code, stdout, stderr } = await watching;
    return { code, stderr, lines: stdout.split('\n').slice(0, -1) };
  }
  const send = (title: string, flags = '--user u') =>
    db.json(...words(`notification send ${flags} --type RISK_ALERT --title "${title}" --message m`));
  /** What somebody else writes, who tells Redis nothing. */
  const slip = (title: string, level = 'INFO') =>
    db.query(
      `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message, created_at)
       VALUES ('n' || md5(random()::text), 'SYSTEM_ERROR', $2::alert_level, $1::text, $1::text, now())`,
      [title, level],
    );
  const titles = (lines: string[]) => lines.map((line) => JSON.parse(line).title);

  it('prints an object of JSON on each line, as it comes, of whom and what is asked for', async () => {
    const shown = await watch('notification watch --user u --level warning --count 3', async () => {
      await send('low');
      await send('other', '--user v --level critical');
      await send('a', '--user u --level warning');
      await send('b', '--system --level error');
      await send('c', '--user u --level critical');
    });
    expect({ ...shown, lines: titles(shown.lines) }).toEqual({ code: 0, stderr: '', lines: ['a', 'b', 'c'] });
    const [first] = await db.json<object[]>('notification', 'list', '--level', 'critical', '--user', 'u');
    expect(JSON.parse(shown.lines[2] ?? '')).toEqual(first);
    const { lines } = await watch('notification watch --count 1 --json title,user_id', () => send('d'));
    expect(lines).toEqual(['{"title":"d","user_id":"u"}']);
  });

  it('is a line an event on a terminal, where nothing but what is loud rings', async () => {
    await slip('x\x1b]0;owned\x07\n\u202ey');
    await slip('loud', 'CRITICAL');
    const argv = words('notification watch --since 1m --count 2 --no-color --utc');
    const { stdout } = await db.cliWith({ tty: true }, ...argv);
    const safe = 'x\\u{1b}]0;owned\\u{7}\\u{a}\\u{202e}y';
    expect(stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'TIME')).toBe(
      `TIME  INFO      -  ${safe}  ${safe}\n\x07TIME  CRITICAL  -  loud  loud\n`,
    );
    const painted = await db.cliWith({ tty: true }, ...words('notification watch --since 1m --count 2'));
    expect(painted.stdout).toContain('mCRITICAL\u001b[');
    const csv = await db.cli(...words('notification watch --since 1m --count 1 --csv --columns alert_level'));
    expect(csv.stdout).toBe('alert_level\nINFO\n');
  });

  it('begins at a time, with what nobody told, in the order it came', async () => {
    for (let i = 0; i < 2_500; i += 500)
      await db.query(
        `INSERT INTO notifications (notification_id, notification_type, title, message, created_at)
         SELECT 'p' || n, 'SYSTEM_ERROR', n, '', now() - interval '1 hour' + n * interval '1 microsecond'
         FROM generate_series($1::int, $1::int + 499) n`,
        [i],
      );
    const { lines } = await watch('notification watch --since 2h --count 2501', () => send('told'));
    expect(titles(lines)).toEqual([...Array.from({ length: 2_500 }, (_, i) => String(i)), 'told']);
  });

  it('passes over what in the stream is none of ours, and shows once what is told twice', async () => {
    const { lines } = await watch('notification watch --count 3', async () => {
      const { notification_id: id } = await send('one');
      for (const event of [
        '{',
        'null',
        '[]',
        '{"notification_id":7}',
        `{"notification_id":"${id}"}`,
        '{"notification_id":"no-such"}',
      ])
        await redis.cli('xadd', 'notifications', '*', 'notification', event);
      await redis.cli('xadd', 'notifications', '*', 'strange', 'field');
      await send('two');
      await redis.cli('del', 'notifications');
      await redis.cli('set', 'notifications', 'no stream');
      await send('three');
    });
    expect(titles(lines)).toEqual(['one', 'two', 'three']);
  });

  it('finds in the database what Redis was not told, or lost', async () => {
    const { lines } = await watch('notification watch --count 4', async () => {
      await send('told');
      await slip('slipped in');
      await redis.cli('flushall');
      await send('told again');
      await redis.cli('xtrim', 'notifications', 'maxlen', '0');
      await slip('last');
    });
    expect(titles(lines)).toEqual(['told', 'told again', 'slipped in', 'last']);
  });

  it('goes on without Redis, says so once, and is told again when it is back', async () => {
    await redis.kill();
    const watching = db.cliWith({}, ...words('notification watch --count 3'));
    await sleep(200);
    await db.cli(...words('notification send --user u --type RISK_ALERT --title waits --message m'));
    await sleep(300);
    await redis.start();
    await listening();
    await db.json('realtime', 'drain');
    await send('told');
    await redis.kill();
    await sleep(300);
    await redis.start();
    await listening();
    await send('told again');
    const { code, stdout, stderr } = await watching;
    expect([code, titles(stdout.trim().split('\n'))]).toEqual([0, ['waits', 'told', 'told again']]);
    expect(stderr.split('\n')).toEqual([
      `warning: Redis 127.0.0.1:${redis.port} cannot be reached: nothing listens there. Retrying.`,
      'Reconnected.',
      `warning: Redis 127.0.0.1:${redis.port} cannot be reached: nothing listens there. Retrying.`,
      'Reconnected.',
      '',
    ]);
  });

  it('notices a Redis that stands still, and a database that broke its line', async () => {
    const { code, lines, stderr } = await watch('notification watch --count 3', async () => {
      await redis.cli('client', 'pause', '8000', 'ALL');
      await slip('while it stood still');
      await db.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pinnacle/notification watch'",
      );
      await sleep(8_100);
      await send('one');
      await db.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pinnacle/notification watch'",
      );
      await send('two');
    });
    expect([code, titles(lines)]).toEqual([0, ['while it stood still', 'one', 'two']]);
    expect(stderr).toContain('no answer in time');
  });

  it('ends by itself, by a signal, and when nobody reads on', TIMED, async () => {
    const began = performance.now();
    expect(await db.cli(...words('notification watch --for 300ms'))).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(performance.now() - began).toBeLessThan(3_000);
    await listening(false);
    for (const [signal, code] of [
      ['SIGINT', 0],
      ['SIGTERM', 143],
    ] as const) {
      const { child, ended } = start(db.env, 'notification', 'watch');
      await listening();
      child.kill(signal);
      expect(await ended).toMatchObject({ code, stdout: '', stderr: '' });
      await listening(false);
    }
    const head = shell(db.env, '$PINNACLE notification watch | head -1');
    await listening();
    await send('read');
    await sleep(200);
    await send('not read');
    expect(await head).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^.*"read".*\n$/),
    });
    await listening(false);
  });

  it('cannot begin without the database, nor where no Redis is configured', async () => {
    const without = (env: Record<string, string>) =>
      db.cliWith({ env: { ...db.env, ...env } }, ...words('notification watch --for 1s'));
    expect((await without({ DATABASE_URL: 'postgres://u@127.0.0.1:1/x' })).code).toBe(7);
    expect((await without({ REDIS_URL: '' })).code).toBe(78);
  });

  it('shows each state of an order once, of whom and what is asked for', async () => {
    const place = (id: string, flags: string) =>
      db.json(
        ...words(`order place --order-id ${id} --side BUY --quantity 5 --type LIMIT --price 10 ${flags}`),
      );
    const { lines } = await watch(
      'order watch --user u --symbol TCS --count 4 --json order_id,status,filled_quantity',
      async (shown) => {
        await place('o1', '--user v --symbol TCS');
        await place('o2', '--user u --symbol INFY');
        await place('o3', '--user u --symbol TCS');
        await shown(1);
        await db.json(...words('order fill o3 --quantity 2 --price 10'));
        await shown(2);
        for (let i = 0; i < 3; i++) await redis.cli('xadd', 'orders', '*', 'order', '{"order_id":"o3"}');
        await sleep(50);
        await redis.cli('client', 'kill', 'type', 'normal');
        await db.cli(...words('order cancel o3'));
        await place('o4', '--user u --symbol TCS');
      },
    );
    expect(lines.map((line) => Object.values(JSON.parse(line)).join(' '))).toEqual([
      'o3 PENDING 0',
      'o3 PARTIALLY_FILLED 2',
      'o3 CANCELLED 2',
      'o4 PENDING 0',
    ]);
    const argv = words('order watch --count 1 --utc --no-color');
    const watching = db.cliWith({ tty: true }, ...argv);
    await listening();
    await place('o5', '--user v --symbol SBIN');
    expect((await watching).stdout).toMatch(
      /^[\d-]+ [\d:]+ {2}PENDING {11}v {2}BUY 5 SBIN {2}0 at 0 {2}o5\n$/,
    );
  });
});
