import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { type Mailed, type Posted, type Receiver, startHook, startMail } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { runAt } from '../../helpers/run-at.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const NEXT_SECRET = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
/** 10:00 in India. */
const TEN = new Date('2026-01-30T04:30:00Z');

describe.each(databases)('alerts on $name', ({ open }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let mail: Receiver<Mailed>;
  let now: Date;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-alerts-'));

  beforeAll(async () => {
    mail = await startMail();
  });
  beforeEach(async () => {
    db = await open();
    hook = await startHook();
    mail.got.length = 0;
    mail.behave(() => 'take');
    await giveRing(db);
    now = TEN;
  });
  afterEach(async () => {
    await hook.stop();
    await db.close();
  });
  afterAll(async () => {
    await mail.stop();
    rmSync(folder, { recursive: true });
  });

  const run = (line: string, how: { stdin?: string; code?: number } = {}) => runAt(db, now, line, how);
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };
  const addHook = async (flags = '--level INFO --group-wait 0s') => {
    await run(`alert channel add desk webhook --url ${hook.url}/in --secret-stdin`, { stdin: SECRET });
    const [route] = await run(`alert route add desk ${flags}`);
    return String(route?.['route_id']);
  };
  const notify = (title: string, more = '--type SYSTEM_ERROR') =>
    run(`notification send --system --level ERROR --title "${title}" --message m ${more}`);
  const bodies = () => hook.got.map(({ body }) => JSON.parse(body));

  it('go to a webhook once, signed as Standard Webhooks are', async () => {
    await notify('before the first route');
    await addHook();
    await notify('disk full');
    // As another program writes one.
    await db.query(
      "INSERT INTO notifications (notification_id, notification_type, title, message, created_at) VALUES ('other', 'SERVICE_DOWN', 'feed down', 'm', '2020-01-01')",
    );
    const attempts = await run('alert deliver');
    expect(attempts).toMatchObject([
      { channel: 'desk', state: 'SENT', attempts: 1, notifications: 1, problem: '' },
      { channel: 'desk', state: 'SENT', attempts: 1, notifications: 1, problem: '' },
    ]);
    expect(await run('alert deliver')).toEqual([]);
    expect(
      bodies()
        .map(({ title }) => title)
        .sort(),
    ).toEqual(['(late) feed down', 'disk full']);
    for (const { headers, body, path } of hook.got) {
      const id = String(headers['webhook-id']);
      const signed = `${id}.${headers['webhook-timestamp']}.${body}`;
      const hmac = createHmac('sha256', Buffer.alloc(32, 7)).update(signed).digest('base64');
      expect({ path, signature: headers['webhook-signature'] }).toEqual({
        path: '/in',
        signature: `v1,${hmac}`,
      });
      expect(JSON.parse(body)).toMatchObject({
        type: 'pinnacle.alert',
        id,
        level: expect.any(String),
        count: 1,
      });
    }
  });

  it('are signed with both secrets while one is replaced', async () => {
    await addHook();
    await run('alert channel rotate desk --secret-stdin --grace 1h', { stdin: NEXT_SECRET });
    await run('alert channel test desk');
    later(3_600);
    await run('alert channel test desk');
    const numbers = hook.got.map(({ headers }) => String(headers['webhook-signature']).split(' ').length);
    expect(numbers).toEqual([2, 1]);
  });

  it('go by mail, Telegram and Slack, each with its secret and none of it shown', async () => {
    const token = '12345:secret-token';
    await run(
      `alert channel add letters email --host 127.0.0.1 --port ${mail.port} --from alerts@example.com --to desk@example.com`,
    );
    await run(`alert channel add phone telegram --chat -100 --url ${hook.url} --secret-stdin`, {
      stdin: token,
    });
    await run('alert channel add team slack --secret-stdin', {
      stdin: `${hook.url}/services/T0/secret-path`,
    });
    for (const channel of ['letters', 'phone', 'team'])
      await run(`alert route add ${channel} --group-wait 0s`);
    hook.behave(() => ({ status: 200, body: '{"ok":true,"result":{"message_id":77}}' }));
    await notify('<!channel> margin\u202e');
    expect(await run('alert deliver')).toHaveLength(3);
    const [letter] = mail.got;
    expect(letter).toMatchObject({ to: 'desk@example.com' });
    expect(letter?.text).toMatch(/^Subject: \[ERROR\] <!channel> margin\\u\{202e\}/m);
    expect(letter?.text).toMatch(/^Auto-Submitted: auto-generated/m);
    expect(letter?.messageId).toMatch(/^dlv_\w{26}@example\.com$/);
    const [phone, team] = ['/bot12345:secret-token/sendMessage', '/services/T0/secret-path'].map((path) =>
      hook.got.find((each) => each.path === path),
    );
    expect(JSON.parse(String(phone?.body))).toMatchObject({
      chat_id: '-100',
      text: expect.stringContaining('m'),
    });
    expect(JSON.parse(String(team?.body)).text).toContain('[ERROR] &lt;!channel&gt; margin');
    expect(await run('alert status --state SENT')).toContainEqual(
      expect.objectContaining({ channel: 'phone', provider_id: '77' }),
    );
    hook.behave((path) => ({
      status: 404,
      body: path.startsWith('/bot')
        ? JSON.stringify({ description: `no bot ${token}` })
        : `nothing at ${path}`,
    }));
    await notify('again');
    await run('alert deliver', { code: 6 });
    const { rows } = await db.query(
      'SELECT to_json(d)::text AS text FROM alert_deliveries d UNION ALL SELECT to_json(c)::text FROM alert_channels c UNION ALL SELECT body FROM audit_log',
    );
    const stored = rows.map(({ text }) => text).join('\n');
    expect(stored).not.toMatch(/secret-token|secret-path/);
    expect(stored).toContain('answered 404: no bot ***');
    expect(stored).toContain('answered 404: nothing at ***');
  });

  it('are tried again under the same id with the same content, as late as the receiver wants', async () => {
    await addHook();
    await notify('disk full');
    hook.behave(() => ({ status: 503 }));
    expect(await run('alert deliver')).toMatchObject([{ state: 'PENDING', problem: 'answered 503: {}' }]);
    expect(await run('alert deliver')).toEqual([]);
    later(6);
    hook.behave(() => ({ status: 429, headers: { 'Retry-After': '600' } }));
    expect(await run('alert deliver')).toMatchObject([{ state: 'PENDING', attempts: 2 }]);
    later(599);
    expect(await run('alert deliver')).toEqual([]);
    later(1);
    hook.behave(() => 'lost');
    expect(await run('alert deliver', { code: 7 })).toMatchObject([
      { attempts: 3, problem: expect.stringMatching(/^no connection/) },
    ]);
    later(360);
    hook.behave(() => 'take');
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT', attempts: 4 }]);
    expect(new Set(hook.got.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(hook.got.map(({ body }) => body)).size).toBe(1);
  });

  it('leave a receiver alone as long as it wants, with all that waits for it', async () => {
    await addHook();
    await notify('one', '--type SERVICE_DOWN');
    await notify('two');
    hook.behave(() => ({ status: 429, headers: { 'Retry-After': '60' } }));
    expect(await run('alert deliver')).toHaveLength(1);
    hook.behave(() => 'take');
    later(59);
    expect(await run('alert deliver')).toEqual([]);
    later(1);
    expect(await run('alert deliver')).toHaveLength(2);
  });

  it('that are refused for their own sake are dead: told, found by status and doctor, and tried again when asked', async () => {
    await addHook();
    await notify('disk full');
    hook.behave(() => ({ status: 413 }));
    await run('alert deliver', { code: 6 });
    expect(hook.got).toHaveLength(1);
    const [dead] = await run('alert status', { code: 6 });
    expect(dead).toMatchObject({ state: 'DEAD', title: 'disk full', last_error: 'answered 413: {}' });
    const checks = await run('doctor', { code: 6 });
    expect(checks).toContainEqual(expect.objectContaining({ check: 'alerts', state: 'fail' }));
    hook.behave(() => 'take');
    expect(await run('alert deliver')).toEqual([]);
    expect(await run(`alert retry ${dead?.['delivery_id']}`)).toMatchObject([{ state: 'PENDING' }]);
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT', delivery_id: dead?.['delivery_id'] }]);
    expect(await run('alert status')).toEqual([]);
    await db.refused(`alert retry ${dead?.['delivery_id']}`, { code: 3, error: 'DEAD_ALERT_NOT_FOUND' });
  });

  it('that were tried and not sent for a day are given up, not sent late', async () => {
    await addHook();
    await notify('disk full');
    hook.behave(() => ({ status: 500 }));
    await run('alert deliver');
    later(24 * 3_600);
    hook.behave(() => 'take');
    expect(await run('alert deliver', { code: 6 })).toMatchObject([
      { state: 'DEAD', attempts: 1, problem: 'not sent within a day' },
    ]);
    expect(hook.got).toHaveLength(1);
    expect(await run('alert status', { code: 6 })).toMatchObject([
      { last_error: 'not sent within a day; answered 500: {}' },
    ]);
    // Asked to send it all the same, it says how late it is.
    later(24 * 3_600);
    await run('alert retry --all');
    await run('alert deliver');
    expect(bodies().at(-1)).toMatchObject({
      title: '(late) disk full',
      note: 'This waited for 2 d before it was sent.',
    });
  });

  it('that were never tried are sent late, and say so', async () => {
    await addHook();
    await notify('disk full');
    // As where the process ends between.
    await run('alert channel disable desk');
    await run('alert deliver');
    later(2 * 86_400);
    await run('alert channel enable desk');
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT', title: 'disk full' }]);
    await notify('feed down');
    later(2 * 86_400);
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT', title: '(late) feed down' }]);
    expect(bodies().at(-1)?.note).toBe('The oldest of these waited for 2 d before alert deliver saw it.');
  });

  it('of mail that a server refuses are dead, and those it takes later are tried again', async () => {
    await run(
      `alert channel add letters email --host 127.0.0.1 --port ${mail.port} --from a@example.com --to b@example.com`,
    );
    await run('alert route add letters --group-wait 0s');
    await notify('one');
    mail.behave(() => ({ status: 451, body: 'greylisted' }));
    expect(await run('alert deliver')).toMatchObject([
      { state: 'PENDING', problem: expect.stringContaining('451') },
    ]);
    later(6);
    mail.behave(() => 'lost');
    await run('alert deliver', { code: 7 });
    later(60);
    mail.behave(() => ({ status: 552, body: 'too much' }));
    expect(await run('alert deliver', { code: 6 })).toMatchObject([{ state: 'DEAD', attempts: 3 }]);
    expect(new Set(mail.got.map(({ messageId }) => messageId)).size).toBe(1);
  });

  it('wait in quiet hours but for CRITICAL ones, and are one digest then, also those that failed before', async () => {
    await addHook('--level INFO --group-wait 0s --quiet-hours 22:00-08:00');
    // 21:59 in India.
    now = new Date('2026-01-30T16:29:00Z');
    await notify('evening');
    hook.behave(() => ({ status: 503 }));
    expect(await run('alert deliver')).toMatchObject([{ state: 'PENDING' }]);
    hook.behave(() => 'take');
    later(3_600);
    await notify('night', '--type RISK_ALERT');
    await notify('late', '--type SYSTEM_ERROR');
    expect(await run('alert deliver')).toEqual([]);
    await run('notification send --system --level CRITICAL --type SERVICE_DOWN --title exchange --message m');
    expect(await run('alert deliver')).toMatchObject([{ title: 'exchange', state: 'SENT' }]);
    expect(await run('alert deliver')).toEqual([]);
    // 08:00 in India.
    now = new Date('2026-01-31T02:30:00Z');
    expect(new Set((await run('alert deliver')).map(({ title }) => title))).toEqual(
      new Set(['evening', '2 notifications: digest']),
    );
  });

  it('are no more in an hour than the limit, and what is too much comes together', async () => {
    await addHook('--level INFO --group-wait 0s --limit 3 --repeat 0s');
    for (let i = 0; i < 6; i++) {
      await notify(`number ${i}`);
      await run('alert deliver');
      later(60);
    }
    expect(hook.got).toHaveLength(3);
    expect(bodies().map(({ note }) => note !== '')).toEqual([false, false, true]);
    later(3_239);
    expect(await run('alert deliver')).toEqual([]);
    later(60);
    expect(await run('alert deliver')).toMatchObject([{ notifications: 3, state: 'SENT' }]);
  });

  it('of the same text come again later, with how often it was', async () => {
    await addHook('--level INFO --group-wait 0s --repeat 1h');
    for (let i = 0; i < 5; i++) {
      await notify('redis down');
      await run('alert deliver');
      later(60);
    }
    expect(hook.got).toHaveLength(1);
    later(3_600);
    await run('alert deliver');
    expect(bodies().map(({ count, notices }) => [count, notices.length])).toEqual([
      [1, 1],
      [4, 1],
    ]);
  });

  it('wait for a transaction that ends after later ones', async () => {
    if (db.name === 'embedded') return;
    await addHook();
    const insert = (id: string) =>
      `INSERT INTO notifications (notification_id, notification_type, title, message) VALUES ('${id}', 'SERVICE_DOWN', '${id}', 'm')`;
    await db.query('BEGIN');
    await db.query(insert('early'));
    await notify('late');
    expect((await run('alert deliver')).map(({ title }) => title)).toEqual(['late']);
    await db.query('COMMIT');
    expect((await run('alert deliver')).map(({ title }) => title)).toEqual(['early']);
  });

  it('of a channel that is disabled wait, and of one that is removed are gone', async () => {
    const route = await addHook();
    await run('alert channel disable desk');
    await notify('disk full');
    expect(await run('alert deliver')).toEqual([]);
    expect(await run('alert channel list')).toMatchObject([
      { channel: 'desk', enabled: false, waiting: 1, dead: 0 },
    ]);
    await run('alert channel enable desk');
    expect(await run('alert deliver')).toHaveLength(1);
    await notify('more');
    await run(`alert route remove ${route} --yes`);
    expect(await run('alert deliver')).toEqual([]);
    expect(await run('alert channel remove desk --yes')).toMatchObject([{ channel: 'desk', unsent: 0 }]);
    expect(await run('alert channel list')).toEqual([]);
  });

  it('are of those routes that take them', async () => {
    await run('user add --user-id asha --name A --email a@example.com --capital 1');
    await addHook('--level ERROR --types risk_alert --user asha --group-wait 0s');
    await notify('of nobody', '--type RISK_ALERT');
    await run('notification send --user asha --level WARNING --type RISK_ALERT --title low --message m');
    await run('notification send --user asha --level ERROR --type SYSTEM_ERROR --title other --message m');
    await run('notification send --user asha --level ERROR --type RISK_ALERT --title hers --message m');
    expect((await run('alert deliver')).map(({ title }) => title)).toEqual(['hers']);
  });

  it('are sent by no dry run', async () => {
    await addHook();
    await notify('disk full');
    expect(await run('alert deliver --dry-run')).toEqual([]);
    expect(await run('alert deliver')).toHaveLength(1);
  });

  it.each([
    ['alert channel add a webhook --url http://example.com/ --secret-stdin', /begin with https/],
    ['alert channel add a webhook --url https://example.com/ --host x --secret-stdin', /takes no --host/],
    ['alert channel add a email --host mail.example.com --from a@b.c', /needs --to/],
    ['alert channel add a email --host h --from a@b.c --to "x@y.z, b@c.d"', /mail address/],
    [
      'alert channel add a email --host h --from a@b.c --to d@e.f --login l --tls none --secret-stdin',
      /without TLS/,
    ],
    ['alert channel add a webhook --url https://example.com/ --secret-stdin', /whsec_/],
    ['alert channel add a telegram --chat 1 --secret-stdin', /must be letters/],
    ['alert channel add a slack --secret-stdin', /https/],
    ['alert route add nobody --quiet-hours 25:00-26:00', /22:00-08:00/],
    ['alert route add nobody --types FOO', /--types/],
    ['alert deliver --for 1s', /--follow/],
    ['alert retry', /Name a message/],
  ])('%s is refused', async (line, stderr) => {
    await db.refused(line, { code: 2, stderr }, { stdin: 'not a secret/' });
  });

  it('have secrets that keys rotate and verify know of', async () => {
    const file = join(folder, 'secret');
    writeFileSync(file, SECRET, { mode: 0o600 });
    await run(`alert channel add desk webhook --url ${hook.url} --from-file ${file}`);
    await run('alert channel rotate desk --secret-stdin', { stdin: NEXT_SECRET });
    const [first] = await run('keys status');
    const [second] = await run('keys generate');
    await run(`keys activate ${second?.['key_id']}`);
    await db.refused(`keys retire ${first?.['key_id']} --yes`, { code: 5, error: 'KEY_IN_USE' });
    expect(await run('keys rotate')).toMatchObject([
      { key_id: second?.['key_id'], users: 0, credentials: 2 },
    ]);
    const status = await run('keys status');
    const used = new Map(status.map(({ key_id, alert_channels }) => [key_id, alert_channels]));
    expect(used).toEqual(
      new Map([
        [first?.['key_id'], 0],
        [second?.['key_id'], 2],
      ]),
    );
    expect(await run('keys verify')).toEqual([]);
    await run(`keys retire ${first?.['key_id']} --yes`);
    await run('alert channel test desk');
    expect(String(hook.got[0]?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    await db.query('UPDATE alert_channels SET secret = old_secret');
    expect(await run('keys verify', { code: 11 })).toMatchObject([
      { user_id: null, channel: 'desk', field: 'secret', code: 'SECRET_INTEGRITY' },
    ]);
    await db.refused('alert channel test desk', { code: 11, error: 'CREDENTIALS_UNREADABLE' });
  });
});
