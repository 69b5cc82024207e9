import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { type Behaviour, type Posted, type Receiver, startHook, startMail } from '../../helpers/receivers.ts';
import { giveRing } from '../../helpers/ring.ts';
import { runAt } from '../../helpers/run-at.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOUR = 3_600;

describe.each(databases)('channels that fail, on $name', ({ open }) => {
  let db: TestDatabase;
  let hook: Receiver<Posted>;
  let now: Date;
  let answers: Record<string, Behaviour>;

  beforeAll(async () => {
    hook = await startHook();
  });
  beforeEach(async () => {
    db = await open();
    hook.got.length = 0;
    answers = {};
    hook.behave((path) => answers[path] ?? 'take');
    await giveRing(db);
    now = new Date('2026-01-30T04:30:00Z');
  });
  afterEach(() => db.close());
  afterAll(() => hook.stop());

  const run = (line: string, how: { stdin?: string; code?: number } = {}) => runAt(db, now, line, how);
  const later = (seconds: number) => {
    now = new Date(now.getTime() + seconds * 1_000);
  };
  const addHook = async (name: string, flags = '') => {
    await run(`alert channel add ${name} webhook --url ${hook.url}/${name} --secret-stdin`, {
      stdin: SECRET,
    });
    await run(`alert route add ${name} --level ERROR --group-wait 0s ${flags}`);
  };
  let notified = 0;
  const notify = async (level = 'ERROR') => {
    notified += 1;
    await run(
      `notification send --system --level ${level} --title "number ${notified}" --message m --type RISK_ALERT`,
    );
  };
  const deliver = (code = 0) => run('alert deliver', { code });
  const titles = (name: string) =>
    hook.got.filter(({ path }) => path === `/${name}`).map(({ body }) => String(JSON.parse(body).title));
  const raised = async () => {
    const { rows } = await db.query(
      "SELECT alert_level, title FROM notifications WHERE notification_type <> 'RISK_ALERT' ORDER BY created_at, title",
    );
    return rows.map(({ alert_level, title }) => `${alert_level} ${title}`);
  };

  it.each([401, 403, 404, 410, 301])(
    'keep their messages where they answer %i, and say so on the others, once per outage',
    async (status) => {
      await addHook('desk', '--types RISK_ALERT');
      await addHook('pager', '--types SERVICE_DOWN');
      answers['/desk'] = { status, body: 'no such token' };
      await notify();
      expect(await deliver(6)).toMatchObject([{ channel: 'desk', state: 'PENDING', attempts: 1 }]);
      await notify();
      await deliver();
      for (const seconds of [6, 40, 400, 400, 7_200]) {
        later(seconds);
        await deliver(6);
      }
      expect(titles('pager')).toEqual(['Alerts by desk do not arrive']);
      expect(titles('desk').every((title) => title.startsWith('number'))).toBe(true);
      expect(await raised()).toEqual(['ERROR Alerts by desk do not arrive']);
      expect((await run('alert status', { code: 6 })).map(({ state }) => state)).toEqual([
        'PENDING',
        'PENDING',
      ]);
      answers = {};
      later(400);
      expect((await deliver()).map(({ channel, state }) => `${channel} ${state}`).sort()).toEqual([
        'desk SENT',
        'desk SENT',
      ]);
      await deliver();
      expect(titles('pager')).toEqual(['Alerts by desk do not arrive', 'Alerts by desk arrive again']);
      answers['/desk'] = { status };
      later(1);
      await notify();
      await deliver(6);
      expect((await raised()).length).toBe(3);
    },
  );

  it('name themselves and the command that helps in doctor, status, top and the list', async () => {
    await addHook('desk');
    answers['/desk'] = { status: 401 };
    await notify('CRITICAL');
    await deliver(6);
    expect(await run('doctor', { code: 6 })).toContainEqual(
      expect.objectContaining({
        check: 'alerts',
        state: 'fail',
        detail: 'alerts do not arrive by desk',
        help: expect.stringContaining('pinnacle alert channel test desk'),
      }),
    );
    expect(await run('status', { code: 6 })).toContainEqual(
      expect.objectContaining({ about: 'delivery', state: 'fail', help: 'pinnacle alert channel test desk' }),
    );
    expect(await run('top --count 1')).toMatchObject([{ failing_channels: ['desk'], dead_alerts: 0 }]);
    expect(await run('alert channel list')).toMatchObject([
      { channel: 'desk', failing: true, pending: 1, dead: 0, last_error: 'answered 401: {}' },
    ]);
    expect(await raised()).toEqual(['CRITICAL Alerts by desk do not arrive']);
    // Nobody else could tell it, and by itself it is not told.
    answers = {};
    later(6);
    await deliver();
    await deliver();
    expect(titles('desk').filter((title) => title.startsWith('Alerts by'))).toEqual([]);
    expect(await run('top --count 1')).toMatchObject([{ failing_channels: [], dead_alerts: 0 }]);
  });

  it('that fail both tell of each other once each', async () => {
    await addHook('desk');
    await addHook('pager');
    answers = { '/desk': { status: 401 }, '/pager': { status: 404 } };
    await notify();
    for (let i = 0; i < 8; i++) {
      await deliver(6);
      later(HOUR);
    }
    expect(await raised()).toEqual([
      'ERROR Alerts by desk do not arrive',
      'ERROR Alerts by pager do not arrive',
    ]);
  });

  it.each([
    ['429 without Retry-After', { status: 429 }],
    ['503 without Retry-After', { status: 503 }],
    ['503 with Retry-After', { status: 503, headers: { 'Retry-After': '5' } }],
  ])('with %s are left alone, also by what is composed later', async (_what, answer) => {
    await addHook('desk');
    answers['/desk'] = answer;
    await notify();
    await deliver();
    await notify('CRITICAL');
    later(3);
    expect(await deliver()).toEqual([]);
    answers = {};
    later(4);
    expect(await deliver()).toHaveLength(2);
  });

  it('wait as long as a receiver wants with what is composed later', async () => {
    await addHook('desk');
    answers['/desk'] = { status: 429, headers: { 'Retry-After': '3600' } };
    await notify();
    await deliver();
    for (const seconds of [600, 1_800, 1_199]) {
      await notify('CRITICAL');
      later(seconds);
      expect(await deliver()).toEqual([]);
    }
    answers = {};
    later(1);
    // Of one type in one message each, but those that came one by one.
    expect((await deliver()).length).toBeGreaterThanOrEqual(2);
    expect(await run('alert status')).toEqual([]);
  });

  it('are told of after four failures in a row that would pass', async () => {
    await addHook('desk');
    await addHook('pager');
    answers['/desk'] = { status: 500 };
    await notify();
    const told = [];
    for (const seconds of [6, 40, 400, 400]) {
      await deliver();
      later(seconds);
      told.push((await raised()).length);
    }
    expect(told).toEqual([0, 0, 0, 1]);
    // Within these it was delivered by the other one, too.
    await deliver();
    expect(titles('pager')).toContain('Alerts by desk do not arrive');
  });

  it('take others where one message alone is refused, which is dead then', async () => {
    await addHook('desk');
    await addHook('pager');
    const poison = `number ${notified + 1}`;
    hook.behave((path, body) =>
      path === '/desk' && body.includes(`"${poison}"`) ? { status: 400, body: 'what is this' } : 'take',
    );
    await notify();
    expect(await deliver(6)).toContainEqual(expect.objectContaining({ channel: 'desk', state: 'PENDING' }));
    await notify('CRITICAL');
    later(6);
    const next = await run('alert deliver', { code: 6 });
    expect(
      next
        .filter(({ channel }) => channel === 'desk')
        .map(({ state }) => state)
        .sort(),
    ).toEqual(['DEAD', 'SENT']);
    await deliver();
    expect(titles('pager')).toContain('1 alert by desk given up');
    expect(await run('alert channel list')).toContainEqual(
      expect.objectContaining({ channel: 'desk', failing: false, pending: 0, dead: 1 }),
    );
  });

  it('are told of again in the next outage, also soon after one and where their route was replaced meanwhile', async () => {
    await addHook('desk', '--types RISK_ALERT');
    await addHook('pager', '--types SERVICE_DOWN');
    const down = 'Alerts by desk do not arrive';
    const again = 'Alerts by desk arrive again';
    const outage = async () => {
      answers['/desk'] = { status: 401 };
      await notify();
      await deliver(6);
      await deliver();
      answers = {};
      later(6);
      await deliver();
      await deliver();
      later(60);
    };
    await outage();
    await outage();
    expect(titles('pager')).toEqual([down, again, down, again]);
    const [{ route_id } = {}] = (await run('alert route list')).filter(({ channel }) => channel === 'desk');
    await run(`alert route remove ${route_id} --yes`);
    await run('alert route add desk --level ERROR --group-wait 0s --types RISK_ALERT');
    await outage();
    expect(titles('pager')).toEqual([down, again, down, again, down, again]);
  });

  it('are not blamed for what failed for the sake of a message', async () => {
    await addHook('desk');
    const slow = `number ${notified + 1}`;
    let status = 500;
    let others: Behaviour = 'take';
    hook.behave((_path, body) => (body.includes(`"${slow}"`) ? { status } : others));
    await notify();
    await deliver();
    await notify('CRITICAL');
    later(6);
    await deliver();
    for (const seconds of [2_200, 2_200, 2_200]) {
      later(seconds);
      await deliver();
    }
    const tried = () => hook.got.filter(({ body }) => body.includes(`"${slow}"`)).length;
    const before = tried();
    // What gets through meanwhile makes it no sooner due.
    await notify('CRITICAL');
    later(1);
    await deliver();
    await deliver();
    expect(tried()).toBe(before);
    expect(before).toBeGreaterThan(4);
    // Where the channel itself did not work, it may have been to blame.
    others = { status: 503 };
    await notify('CRITICAL');
    later(1);
    await deliver();
    others = 'take';
    later(7);
    await deliver();
    expect(tried()).toBe(before + 1);
    status = 503;
    later(2_200);
    await deliver();
    expect(tried()).toBe(before + 2);
    expect(await raised()).toEqual([]);
  });

  it('with dead messages are told of once, until these are retried or dismissed', async () => {
    await addHook('desk');
    answers['/desk'] = { status: 413 };
    for (let i = 0; i < 3; i++) {
      await notify();
      await deliver(6);
      later(60);
    }
    expect(await raised()).toEqual(['ERROR 1 alert by desk given up']);
    await notify('CRITICAL');
    await deliver(6);
    expect(await raised()).toEqual(['ERROR 1 alert by desk given up', 'CRITICAL 1 alert by desk given up']);
    expect(await run('status', { code: 6 })).toContainEqual(
      expect.objectContaining({ about: 'delivery', detail: '4 alerts given up' }),
    );
    const dead = await run('alert status', { code: 6 });
    expect(dead).toHaveLength(4);
    const [{ delivery_id: one } = {}] = dead;
    expect(await run(`alert dismiss ${one} --yes`)).toMatchObject([{ delivery_id: one, state: 'DEAD' }]);
    await db.refused(`alert dismiss ${one} --yes`, { code: 3, error: 'DEAD_ALERT_NOT_FOUND' });
    await db.refused('alert dismiss --all', { code: 4 });
    expect(await run('alert dismiss --channel desk --before "2026-01-30 10:01:30" --yes')).toHaveLength(2);
    expect(await run('alert dismiss --all --yes')).toHaveLength(1);
    expect(await run('alert dismiss --all --yes')).toEqual([]);
    expect(await run('alert status')).toEqual([]);
    const { rows } = await db.query("SELECT body FROM audit_log WHERE command = 'alert dismiss' ORDER BY id");
    const bodies = rows.map(({ body }) => (typeof body === 'string' ? JSON.parse(body) : body));
    expect(bodies.map(({ dismissed }) => dismissed)).toEqual([1, 2, 1]);
    expect(JSON.stringify(bodies)).toContain('answered 413');
    // The notifications stay.
    expect(await run('notification list --system --limit 100')).toHaveLength(6);
    await notify();
    await deliver(6);
    expect(await raised()).toHaveLength(3);
  });

  it.each([
    ['alert dismiss', /Name a message/],
    ['alert dismiss dlv_1 --all', /Name a message/],
    ['alert dismiss dlv_1 --before 2026-01-30', /--before needs/],
    ['alert dismiss --all --before soon', /--before/],
  ])('%s is refused', async (line, stderr) => {
    await db.refused(`${line} --yes`, { code: 2, stderr });
  });

  it('are tried at once after a repair: a new secret, enabled again, or asked to', async () => {
    await addHook('desk');
    const repairs = [
      () => run('alert channel rotate desk --secret-stdin', { stdin: SECRET }),
      async () => {
        await run('alert channel disable desk');
        later(2 * 86_400);
        await run('alert channel enable desk');
      },
      () => run('alert retry --channel desk'),
    ];
    for (const repair of repairs) {
      answers['/desk'] = { status: 403 };
      await notify();
      for (let i = 0; i < 5; i++) {
        await deliver(6);
        later(400);
      }
      await deliver(6);
      answers = {};
      expect(await deliver()).toEqual([]);
      await repair();
      expect(await deliver()).toMatchObject([{ state: 'SENT' }]);
    }
  });

  it('of mail keep what they refuse before the mail itself', async () => {
    let refuse: 'login' | 'receiver' | 'mail' | undefined = 'login';
    const no = (responseCode: number) => Object.assign(new Error('no'), { responseCode });
    const mail = await startMail({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: (_auth, _session, done) => (refuse === 'login' ? done(no(535)) : done(null, { user: 'desk' })),
      onRcptTo: (_address, _session, done) => done(refuse === 'receiver' ? no(550) : null),
    });
    await run(
      `alert channel add letters email --host 127.0.0.1 --port ${mail.port} --login desk --from a@example.com --to b@example.com --secret-stdin`,
      { stdin: 'correct horse' },
    );
    await run('alert route add letters --group-wait 0s');
    await notify();
    for (const step of ['login', 'receiver'] as const) {
      refuse = step;
      expect(await deliver(6)).toMatchObject([{ state: 'PENDING' }]);
      expect(await run('alert channel list')).toMatchObject([{ failing: true, dead: 0 }]);
      later(400);
    }
    refuse = undefined;
    mail.behave(() => ({ status: 552, body: '5.2.2 mailbox full' }));
    expect(await deliver(6)).toMatchObject([{ state: 'PENDING' }]);
    later(400);
    mail.behave(() => ({ status: 552, body: '5.3.4 too big' }));
    expect(await deliver(6)).toMatchObject([{ state: 'DEAD' }]);
    await mail.stop();
  });

  it('of Telegram keep what is for a chat that is not there', async () => {
    await run(`alert channel add phone telegram --chat -100 --url ${hook.url} --secret-stdin`, {
      stdin: '12345:secret-token',
    });
    await run('alert route add phone --group-wait 0s --level ERROR');
    const path = '/bot12345:secret-token/sendMessage';
    answers[path] = { status: 400, body: '{"description":"Bad Request: chat not found"}' };
    await notify();
    expect(await deliver(6)).toMatchObject([{ state: 'PENDING' }]);
    expect(await run('alert channel list')).toMatchObject([{ failing: true }]);
  });
});
