import { createServer as createTcpServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { startServer } from '../../helpers/postgres.ts';
import { start } from '../../helpers/process.ts';
import { type Behaviour, type Posted, type Receiver, startHook, startMail } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { runAt } from '../../helpers/run-at.ts';
import { words } from '../../helpers/words.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

describe.each(databases)('alerts on $name, whatever breaks meanwhile,', ({ open }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let now: Date;
  let behave: (path: string) => Behaviour;

  beforeAll(async () => {
    hook = await startHook();
  });
  beforeEach(async () => {
    db = await open();
    hook.got.length = 0;
    behave = () => 'take';
    hook.behave((path) => behave(path));
    await giveRing(db);
    now = new Date('2026-01-30T04:30:00Z');
  });
  afterEach(() => db.close());
  afterAll(() => hook.stop());

  const run = (line: string, how: { stdin?: string; code?: number } = {}) => runAt(db, now, line, how);
  const addHook = async (name: string) => {
    await run(`alert channel add ${name} webhook --url ${hook.url}/${name} --secret-stdin`, {
      stdin: SECRET,
    });
    await run(`alert route add ${name} --level INFO --group-wait 0s`);
  };
  /** One message for each of so many types. */
  const notify = (types: number) =>
    db.query(
      `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message)
       SELECT 'n_' || t, t::notification_type, 'ERROR', t, 'm'
       FROM unnest('{ORDER_FILLED,ORDER_REJECTED,RISK_ALERT,SYSTEM_ERROR}'::text[]) WITH ORDINALITY AS u(t, i) WHERE i <= ${types}`,
    );
  const paths = () => hook.got.map(({ path }) => path);

  it('go by all other channels where the secret of one cannot be decrypted, which is said once', async () => {
    await addHook('desk');
    await addHook('torn');
    await db.query(
      "UPDATE alert_channels SET secret = overlay(secret PLACING 'AAAA' FROM 30) WHERE channel = 'torn'",
    );
    await notify(1);
    expect(await run('alert deliver', { code: 11 })).toMatchObject([{ channel: 'desk', state: 'SENT' }]);
    await db.refused('alert deliver', { code: 11, error: 'CREDENTIALS_UNREADABLE' });
    await notify(0);
    const followed = await db.cliWith(
      { now },
      ...words('alert deliver --follow --interval 100ms --for 1s --json'),
    );
    expect(followed).toMatchObject({ code: 0, stdout: '' });
    expect(followed.stderr.match(/warning: The secret of the channel torn/g)).toHaveLength(1);
    // The message is neither dead nor late for what is not its fault.
    expect(await run('alert status')).toMatchObject([{ channel: 'torn', state: 'PENDING', attempts: 0 }]);
    const { stdout } = await db.cliWith({ now }, ...words('doctor --check alerts --json'));
    expect(JSON.parse(stdout)).toMatchObject([
      { state: 'warn', detail: expect.stringMatching(/^1 message due/), help: 'pinnacle alert deliver' },
    ]);
    await run('alert channel rotate torn --secret-stdin --grace 0s', { stdin: SECRET });
    expect(await run('alert deliver')).toMatchObject([{ channel: 'torn', state: 'SENT' }]);
  });

  it('are kept from the moment on in which their channel is disabled', async () => {
    await addHook('desk');
    await notify(4);
    // As where somebody disables it while the first one is sent.
    behave = () => {
      disabled ??= db.query("UPDATE alert_channels SET enabled = false WHERE channel = 'desk'");
      return 'take';
    };
    let disabled: Promise<unknown> | undefined;
    const sent = await run('alert deliver');
    await disabled;
    // The second may have been taken before that was committed.
    expect(sent.length).toBeLessThanOrEqual(2);
    expect(await run('alert channel list')).toMatchObject([{ enabled: false, pending: 4 - sent.length }]);
  });

  it.each(['take', 'lost', { status: 401 }] as const)(
    'end where their channel is removed during an attempt that ends with %o',
    async (answer) => {
      await addHook('desk');
      await addHook('pager');
      await notify(2);
      let removed: Promise<unknown> | undefined;
      behave = (path) => {
        if (path !== '/desk') return 'take';
        removed ??= run('alert channel remove desk --yes');
        return answer;
      };
      const ended = await db.cliWith({ now }, 'alert', 'deliver', '--json');
      expect([0, 6, 7]).toContain(ended.code);
      expect(ended.stderr).not.toContain('error');
      await removed;
      // Of one that was told to fail before, the other channel hears.
      for (const { channel, state } of await run('alert deliver'))
        expect([channel, state]).toEqual(['pager', 'SENT']);
      expect(paths().filter((path) => path === '/pager').length).toBeGreaterThanOrEqual(2);
      expect(await run('alert status')).toEqual([]);
    },
  );

  it('of a mail server that hangs after the mail end in time, and are sent again under their id', async () => {
    // Answers every command but what ends the mail, after which it says a byte now and then.
    const hanging = createTcpServer((socket) => {
      let inMail = false;
      socket.on('error', () => {});
      socket.write('220 hello\r\n');
      socket.on('data', (data) => {
        const text = data.toString();
        if (inMail) {
          if (!text.endsWith('\r\n.\r\n')) return;
          const drip = setInterval(() => socket.write('2'), 1_000);
          socket.on('close', () => clearInterval(drip));
        } else if (/^DATA/i.test(text)) {
          inMail = true;
          socket.write('354 go on\r\n');
        } else socket.write('250 ok\r\n');
      });
    }).listen(0, '127.0.0.1');
    await new Promise((done) => hanging.once('listening', done));
    const port = (hanging.address() as { port: number }).port;
    await run(
      `alert channel add letters email --host 127.0.0.1 --port ${port} --from a@example.com --to b@example.com`,
    );
    await run('alert route add letters --level INFO --group-wait 0s');
    await addHook('desk');
    await notify(1);
    const from = performance.now();
    const attempts = await run('alert deliver', { code: 7 });
    expect(performance.now() - from).toBeLessThan(60_000);
    expect(Object.fromEntries(attempts.map(({ channel, state }) => [channel, state]))).toEqual({
      desk: 'SENT',
      letters: 'PENDING',
    });
    hanging.close();
  }, 300_000);

  it('are 10,000 at once without a message too many', async () => {
    await addHook('desk');
    await db.query(
      `INSERT INTO notifications (notification_id, notification_type, alert_level, title, message)
       SELECT 'many' || i, 'RISK_ALERT', 'ERROR', 'number ' || i, repeat('m', 200) FROM generate_series(1, 10000) i`,
    );
    const sent = await run('alert deliver');
    expect(sent.length).toBeLessThanOrEqual(3);
    expect(sent.reduce((sum, { notifications }) => sum + Number(notifications), 0)).toBe(10_000);
    const { rows } = await db.query(
      'SELECT count(*)::int AS n FROM alert_items WHERE delivery_id IS NOT NULL',
    );
    expect(rows).toEqual([{ n: 10_000 }]);
  });
});

describe.each(servers)('alert deliver --follow on $name', () => {
  it('waits for a database that is away, says so once, and goes on', async () => {
    const [own, mail] = await Promise.all([startServer(), startMail()]);
    const env = { DATABASE_URL: own.url };
    const said = async (line: string) => {
      const { code, stderr } = await cli(words(line), { env });
      expect({ line, code, stderr: code === 0 ? '' : stderr }).toEqual({ line, code: 0, stderr: '' });
    };
    await said('migrate up');
    await said(
      `alert channel add letters email --host 127.0.0.1 --port ${mail.port} --from a@b.cd --to c@d.ef`,
    );
    await said('alert route add letters --level INFO --group-wait 0s --repeat 0s');
    const notify = () => said('notification send --system --type SYSTEM_ERROR --title t --message m');
    const following = start(env, ...words('alert deliver --follow --interval 100ms --json'));
    await notify();
    await expect.poll(() => mail.got.length, { timeout: 30_000 }).toBe(1);
    own.signal('SIGQUIT');
    let told = '';
    following.child.stderr.on('data', (data) => {
      told += data;
    });
    await expect.poll(() => told, { timeout: 30_000 }).toContain('Retrying.');
    await own.start();
    await notify();
    await expect.poll(() => mail.got.length, { timeout: 60_000 }).toBe(2);
    following.child.kill('SIGTERM');
    const { stderr } = await following.ended;
    expect(stderr.match(/Retrying\./g)?.length).toBeLessThanOrEqual(2);
    await Promise.all([own.stop(), mail.stop()]);
  }, 180_000);
});
