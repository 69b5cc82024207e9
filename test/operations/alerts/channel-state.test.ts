import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { type Behaviour, type Posted, type Receiver, startHook } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { runAt } from '../../helpers/run-at.ts';
import { backToStep } from '../../helpers/steps.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe.each(databases)('what a message waits for, on $name', ({ open }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let now: Date;
  let behave: (body: string) => Behaviour;

  beforeAll(async () => {
    hook = await startHook();
  });
  beforeEach(async () => {
    db = await open();
    hook.got.length = 0;
    behave = () => 'take';
    hook.behave((_path, body) => behave(body));
    await giveRing(db);
    now = new Date('2026-01-30T04:30:00Z');
  });
  afterEach(() => db.close());
  afterAll(() => hook.stop());

  const run = (line: string, how: { stdin?: string; code?: number } = {}) => runAt(db, now, line, how);
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };
  const addHook = async (name = 'desk', flags = '--types RISK_ALERT') => {
    await run(`alert channel add ${name} webhook --url ${hook.url}/${name} --secret-stdin`, {
      stdin: SECRET,
    });
    await run(`alert route add ${name} --level ERROR --group-wait 0s ${flags}`);
  };
  const notify = (title: string, type = 'RISK_ALERT') =>
    run(`notification send --system --level ERROR --title "${title}" --message m --type ${type}`);
  const states = async () =>
    (
      await db.query(
        'SELECT delivery_id, channel_state, last_error FROM alert_deliveries ORDER BY delivery_id',
      )
    ).rows;

  it('is a column, which the errors that were stored with it become, and are again where the step is reverted', async () => {
    await backToStep(db, 14);
    await db.query("INSERT INTO alert_channels (channel, kind, settings) VALUES ('desk', 'webhook', '{}')");
    await db.query(
      "INSERT INTO alert_routes (route_id, channel, min_level, group_wait, repeat_after, hourly_limit) VALUES ('r', 'desk', 'INFO', 0, 0, 1)",
    );
    await db.query(
      `INSERT INTO alert_deliveries (delivery_id, route_id, channel, group_key, critical, message, state, last_error, created_at, next_at, give_up_at)
       SELECT id, 'r', 'desk', 'g', false, '{"title":"t","level":"ERROR","count":1}', state, error, now(), now(), now()
       FROM (VALUES ('a', 'PENDING', 'channel waits: answered 503'), ('b', 'PENDING', 'channel fails: answered 401: channel fails: no'),
         ('c', 'PENDING', 'answered 500'), ('d', 'DEAD', 'channel fails: answered 403'), ('e', 'SENT', ''), ('f', 'PENDING', '')) v (id, state, error)`,
    );
    await db.json('migrate', 'up');
    const carried = [
      { delivery_id: 'a', channel_state: 'WAITING', last_error: 'answered 503' },
      { delivery_id: 'b', channel_state: 'FAILING', last_error: 'answered 401: channel fails: no' },
      { delivery_id: 'c', channel_state: null, last_error: 'answered 500' },
      { delivery_id: 'd', channel_state: null, last_error: 'answered 403' },
      { delivery_id: 'e', channel_state: null, last_error: '' },
      { delivery_id: 'f', channel_state: null, last_error: '' },
    ];
    expect(await states()).toEqual(carried);
    expect(await run('alert status --state PENDING', { code: 6 })).toContainEqual(
      expect.objectContaining({ delivery_id: 'b', channel_state: 'FAILING' }),
    );
    await backToStep(db, 14);
    const { rows } = await db.query('SELECT last_error FROM alert_deliveries ORDER BY delivery_id');
    expect(rows.map(({ last_error }) => last_error)).toEqual([
      'channel waits: answered 503',
      'channel fails: answered 401: channel fails: no',
      ...['answered 500', 'answered 403', '', ''],
    ]);
  });

  it('needs the step: without it what sends says so, and all else goes on', async () => {
    await backToStep(db, 14);
    await addHook();
    for (const line of ['deliver', 'status', 'channel list', 'retry --all', 'channel disable desk'])
      await db.refused(`alert ${line}`, { code: 5, error: 'PHASE_NEEDED', stderr: 'pinnacle migrate up' });
    expect(await run('alert route list')).toHaveLength(1);
    expect(await run('alert channel test desk')).toMatchObject([{ outcome: 'sent' }]);
    expect(await run('top --count 1')).toMatchObject([{ failing_channels: [], dead_alerts: 0 }]);
    expect(await run('doctor --check alerts')).toMatchObject([{ state: 'ok' }]);
    expect(await run('status', { code: 6 })).toContainEqual(expect.objectContaining({ about: 'delivery' }));
    await run('alert channel remove desk --yes');
  });

  it('is said while an attempt is under way, which the others wait for', async () => {
    await addHook();
    await notify('one');
    behave = () => ({ status: 401 });
    await run('alert deliver', { code: 6 });
    later(6);
    await notify('two');
    let during: Promise<unknown> | undefined;
    behave = () => {
      during ??= Promise.all([run('alert channel list'), run('alert deliver')]);
      return { status: 401 };
    };
    await run('alert deliver', { code: 6 });
    const [listed, sent] = (await during) as [unknown, unknown];
    expect(listed).toMatchObject([{ channel: 'desk', failing: true }]);
    expect(sent).toEqual([]);
  });

  it('is told as over also where one process records a failure while another one records that it works', async () => {
    if (db.name === 'embedded') return;
    await addHook('desk', '--types RISK_ALERT,SYSTEM_ERROR');
    await notify('one');
    await notify('two', 'SYSTEM_ERROR');
    // Two processes have taken a message each, and wait for the answers.
    const answers: ServerResponse[] = [];
    const slow = createServer((request, response) => {
      request.resume();
      answers.push(response);
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const url = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    await db.query('UPDATE alert_channels SET settings = $1 WHERE channel = $2', [
      JSON.stringify({ url }),
      'desk',
    ]);
    const posts = (count: number) => expect.poll(() => answers.length, { timeout: 20_000 }).toBe(count);
    const failing = run('alert deliver', { code: 6 });
    await posts(1);
    let ended = false;
    const working = run('alert deliver').finally(() => {
      ended = true;
    });
    await posts(2);
    await db.query('BEGIN');
    await db.query('LOCK TABLE audit_log IN EXCLUSIVE MODE');
    const waiting = async () => {
      const { rows } = await db.query(
        `SELECT count(DISTINCT pid)::int AS n FROM pg_locks w WHERE NOT granted AND EXISTS (
           SELECT FROM pg_locks l WHERE l.pid = w.pid AND l.relation = 'alert_routes'::regclass AND l.database =
             (SELECT oid FROM pg_database WHERE datname = current_database()))`,
      );
      return Number(rows[0]?.['n']);
    };
    // The one tells that the channel fails, and its transaction does not end yet.
    answers[0]?.writeHead(401).end();
    await expect.poll(waiting, { timeout: 20_000, interval: 20 }).toBe(1);
    answers[1]?.end();
    await expect
      .poll(async () => ended || (await waiting()) === 2, { timeout: 20_000, interval: 20 })
      .toBe(true);
    await db.query('COMMIT');
    await Promise.all([failing, working]);
    slow.close();
    const { rows } = await db.query(
      "SELECT notification_type FROM notifications WHERE title LIKE 'Alerts by desk%' ORDER BY 1",
    );
    expect(rows.map(({ notification_type }) => notification_type)).toEqual([
      ...['SERVICE_DOWN', 'SERVICE_RESTORED'],
    ]);
  });

  it('names what is missing where there is nothing, and nothing once all is there', async () => {
    const said = async () => (await db.cliWith({ now }, 'alert', 'status')).stderr;
    expect(await said()).toContain('pinnacle alert channel add');
    await run(`alert channel add desk webhook --url ${hook.url} --secret-stdin`, { stdin: SECRET });
    expect(await said()).toContain('pinnacle alert route add');
    await run('alert route add desk');
    expect(await said()).not.toContain(' add');
  });
});
