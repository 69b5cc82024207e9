import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { type Posted, type Receiver, startHook, startMail } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { runAt } from '../../helpers/run-at.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe.each(databases)('alerts on $name, whatever others write and answer', ({ open }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let now: Date;

  beforeEach(async () => {
    [db, hook] = await Promise.all([open(), startHook()]);
    await giveRing(db);
    now = new Date('2026-01-30T04:30:00Z');
  });
  afterEach(async () => {
    await hook.stop();
    await db.close();
  });

  const run = (line: string, how: { stdin?: string; code?: number } = {}) => runAt(db, now, line, how);
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };
  const addPhone = async (flags = '--group-wait 0s') => {
    await run(`alert channel add phone telegram --chat -100 --url ${hook.url} --secret-stdin`, {
      stdin: '12345:secret-token',
    });
    await run(`alert route add phone --level INFO ${flags}`);
  };
  const addDesk = async (url: string, flags: string) => {
    await run(`alert channel add desk webhook --url ${url} --secret-stdin`, { stdin: SECRET });
    await run(`alert route add desk --level INFO ${flags}`);
  };
  const insert = (values: string) =>
    db.query(
      `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message, created_at) ${values}`,
    );
  const texts = () => hook.got.map(({ body }) => String(JSON.parse(body).text));

  it('tell of a notification with a time that no clock shows', async () => {
    await addPhone();
    await insert("VALUES ('odd', 'SYSTEM_ERROR', 'ERROR', 'odd', 'm', 'infinity')");
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT' }]);
    expect(texts()[0]).toContain('infinity  ERROR  system  odd');
  });

  it('wait no longer than six hours where Telegram asks for more', async () => {
    await addPhone();
    await insert("VALUES ('one', 'SYSTEM_ERROR', 'ERROR', 'one', 'm', now())");
    hook.behave(() => ({ status: 429, body: '{"parameters":{"retry_after":1000000000}}' }));
    expect(await run('alert deliver')).toMatchObject([{ state: 'PENDING' }]);
    hook.behave(() => 'take');
    later(6 * 3_600 - 1);
    expect(await run('alert deliver')).toEqual([]);
    later(1);
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT' }]);
  });

  it('end with what is more and with the id also where a text has to be short', async () => {
    await addPhone();
    await insert(
      "SELECT 'n' || i, 'SYSTEM_ERROR', 'ERROR', 't' || i, repeat('😀', 600), now() FROM generate_series(1, 25) i",
    );
    const [sent] = await run('alert deliver');
    const [text = ''] = texts();
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(text).toMatch(new RegExp(`Message ${sent?.['delivery_id']}\\.$`));
    expect(text).not.toMatch(/\p{Surrogate}/u);
    const shown = text.match(/ERROR {2}system/g)?.length ?? 0;
    expect(text).toContain(`and ${25 - shown} more:`);
  });

  it('are sent where a receiver answers with a secret', async () => {
    const mail = await startMail({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (auth, _session, done) => {
        const { username = '', password = '' } = auth;
        const line = Buffer.from(`\0${username}\0${password}`).toString('base64');
        if (username === 'desk') done(null, { user: 'desk' });
        else done(Object.assign(new Error(`what is AUTH PLAIN ${line}`), { responseCode: 500 }));
      },
    });
    const add = (name: string, login: string) =>
      run(
        `alert channel add ${name} email --host 127.0.0.1 --port ${mail.port} --login ${login} --from a@example.com --to b@example.com --secret-stdin`,
        { stdin: 'correct horse' },
      );
    await add('letters', 'desk');
    await add('echo', 'wrong');
    mail.behave(() => ({ status: 250, body: 'queued for correct horse' }));
    await run('alert route add letters --group-wait 0s');
    await insert("VALUES ('one', 'SYSTEM_ERROR', 'ERROR', 'one', 'm', now())");
    expect(await run('alert deliver')).toMatchObject([{ state: 'SENT' }]);
    const [sent] = await run('alert status --state SENT');
    expect(sent?.['provider_id']).toBe('250 queued for ***');
    const [echoed] = await run('alert channel test echo', { code: 6 });
    expect(echoed?.['problem']).toMatch(/what is AUTH PLAIN \*\*\*/);
    await mail.stop();
  });

  it('of other texts wait for no number of repetitions, nor for CRITICAL ones beyond the limit', async () => {
    await addDesk(hook.url, '--group-wait 0s --limit 2');
    const many = (id: string, level: string) =>
      insert(
        `SELECT '${id}' || i, 'SYSTEM_ERROR', '${level}', '${id}', 'm', now() FROM generate_series(1, 5001) i`,
      );
    await insert("VALUES ('first', 'SYSTEM_ERROR', 'ERROR', 'same', 'm', now())");
    await insert("VALUES ('c1', 'RISK_ALERT', 'CRITICAL', 'c1', 'm', now())");
    await run('alert deliver');
    await insert("VALUES ('c2', 'RISK_ALERT', 'CRITICAL', 'c2', 'm', now())");
    await run('alert deliver');
    await many('same', 'ERROR');
    await many('alarm', 'CRITICAL');
    later(1);
    expect(await run('alert deliver')).toEqual([]);
    await insert("VALUES ('other', 'SERVICE_DOWN', 'ERROR', 'other', 'm', now())");
    expect(await run('alert deliver')).toMatchObject([{ title: 'other', state: 'SENT' }]);
  });

  it('of every kind are one subject and no markup, whatever a notification says', async () => {
    const mail = await startMail();
    await addPhone();
    await run(
      `alert channel add letters email --host 127.0.0.1 --port ${mail.port} --from a@example.com --to b@example.com`,
    );
    await run('alert channel add team slack --secret-stdin', { stdin: `${hook.url}/services/secret-path` });
    for (const channel of ['letters', 'team']) await run(`alert route add ${channel} --group-wait 0s`);
    const title =
      'hello\r\nBcc: mallory@example.com\r\n\r\n<!channel> <https://x.example|y> [z](https://z.example) 😀';
    await db.query(
      "INSERT INTO notifications (notification_id, notification_type, alert_level, title, message) VALUES ('one', 'SYSTEM_ERROR', 'ERROR', $1, $2)",
      [title, `.\r\n${title}\r\n.\r\nMAIL FROM:<c@example.com>`],
    );
    expect((await run('alert deliver')).map(({ state }) => state)).toEqual(['SENT', 'SENT', 'SENT']);
    expect(mail.got).toHaveLength(1);
    const [headers = ''] = mail.got[0]?.text.split('\r\n\r\n') ?? [];
    expect(headers).not.toMatch(/^Bcc/im);
    expect(headers.match(/^Subject:/gm)).toHaveLength(1);
    const [phone, team] = ['/bot12345:secret-token/sendMessage', '/services/secret-path'].map((path) =>
      JSON.parse(String(hook.got.find((each) => each.path === path)?.body)),
    );
    expect(phone).not.toHaveProperty('parse_mode');
    expect(phone.text.split('\n')[0]).toBe(`[ERROR] ${title.replaceAll('\r\n', '\\u{d}\\u{a}')}`);
    expect(team.text).not.toMatch(/[<>]/);
    await mail.stop();
  });

  it('of receivers that never end end in time, and keep no other one', async () => {
    let bytes = 0;
    const endless = createServer((request, response) => {
      request.resume();
      if (request.url === '/never') return;
      response.writeHead(200);
      if (request.url === '/drip') {
        const drip = setInterval(() => response.write('.'), 100);
        response.on('close', () => clearInterval(drip));
        return;
      }
      const chunk = Buffer.alloc(1_000_000);
      const pour = () => {
        while (!response.destroyed && response.write(chunk)) bytes += chunk.length;
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    }).listen(0, '127.0.0.1');
    await new Promise((done) => endless.once('listening', done));
    const root = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
    for (const name of ['never', 'drip', 'flood'])
      await run(`alert channel add ${name} webhook --url ${root}/${name} --secret-stdin`, { stdin: SECRET });
    await addDesk(hook.url, '--group-wait 0s');
    for (const name of ['never', 'drip', 'flood']) await run(`alert route add ${name} --group-wait 0s`);
    await insert("VALUES ('one', 'SYSTEM_ERROR', 'ERROR', 'one', 'm', now())");
    const from = performance.now();
    const ended = await run('alert deliver', { code: 7 });
    expect(performance.now() - from).toBeLessThan(60_000);
    expect(Object.fromEntries(ended.map(({ channel, state }) => [channel, state]))).toEqual({
      desk: 'SENT',
      // The status says that it was taken, whatever follows.
      drip: 'SENT',
      flood: 'SENT',
      never: 'PENDING',
    });
    expect(bytes).toBeLessThan(50_000_000);
    endless.closeAllConnections();
    endless.close();
  });

  it('tell no secret in --debug', async () => {
    await addPhone();
    const debugged = await db.cliWith({ now }, 'alert', 'channel', 'test', 'phone', '--debug', '--verbose');
    expect(debugged.code).toBe(0);
    expect(debugged.stderr).toContain('alert_channels');
    expect(debugged.stdout + debugged.stderr).not.toMatch(/secret-token|pne1\./);
  });

  it('of a slow channel leave a run before all of them are sent, so that others have their turn', async () => {
    let posts = 0;
    const slow = createServer((request, response) => {
      posts += 1;
      request.resume();
      setTimeout(() => response.end(), 2_000);
    }).listen(0, '127.0.0.1');
    await new Promise((done) => slow.once('listening', done));
    await addDesk(`http://127.0.0.1:${(slow.address() as AddressInfo).port}`, '--group-wait 0s');
    await insert(
      "SELECT 'n' || t, t::notification_type, 'ERROR', t, 'm', now() FROM unnest('{ORDER_FILLED,ORDER_REJECTED,RISK_ALERT,SYSTEM_ERROR,SERVICE_DOWN,SERVICE_RESTORED}'::text[]) t",
    );
    const sent = await run('alert deliver');
    expect(sent.length).toBeGreaterThan(0);
    expect(posts).toBeLessThan(6);
    expect(await run('alert status')).toHaveLength(6 - sent.length);
    slow.closeAllConnections();
    slow.close();
  });

  it('written after a route was added are of that route, also where a delivery looks meanwhile', async () => {
    if (db.name === 'embedded') return;
    await addDesk(hook.url, '--group-wait 0s');
    await run('alert channel add letters email --host 127.0.0.1 --from a@example.com --to b@example.com');
    await db.query('BEGIN');
    await db.query('LOCK TABLE notifications IN ACCESS EXCLUSIVE MODE');
    const delivering = run('alert deliver');
    const waiting = async () => {
      const { rows } = await db.query(
        "SELECT count(*)::int AS n FROM pg_locks WHERE relation = 'notifications'::regclass AND NOT granted",
      );
      return rows[0]?.['n'];
    };
    await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
    await run('alert route add letters --level INFO --group-wait 1h');
    await insert("VALUES ('one', 'SYSTEM_ERROR', 'ERROR', 'one', 'm', now())");
    await db.query('COMMIT');
    expect(await delivering).toMatchObject([{ channel: 'desk', state: 'SENT' }]);
    expect(await run('alert channel list')).toMatchObject([
      { channel: 'desk', waiting: 0 },
      { channel: 'letters', waiting: 1 },
    ]);
  });
});
