import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const AWAY = { env: { REDIS_URL: 'redis://127.0.0.1:1/0' } };

describe.each(databases)('a trader who is kept out, on $name', ({ open }) => {
  let redis: TestRedis;
  let db: TestDatabase;
  let key: string;
  beforeAll(async () => {
    [redis, db] = await Promise.all([startRedis(), open()]);
    db.env['REDIS_URL'] = redis.url;
    const add = words('user add --user-id u --name A --email u@example.com --capital 1000000');
    key = (await db.json<{ api_key: string }>(...add)).api_key;
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(async () => {
    await db.json('user', 'enable', 'u');
    await db.json('realtime', 'drain');
    await redis.cli('flushall');
  });

  const login = async () => {
    const { code, stdout } = await db.cliWith({ stdin: key }, 'user', 'login', '--json');
    return code === 0 ? String(JSON.parse(stdout).session_id) : code;
  };
  const sessions = async () =>
    (await db.json<{ session_id: string }[]>('user', 'logins', 'list', 'u')).map((one) => one.session_id);
  const place = (line: string) => {
    const terms = ['--symbol TCS', '--quantity 10'].filter(
      (term) => !line.includes(term.split(' ')[0] ?? ''),
    );
    return words(`order place --user u ${terms.join(' ')} ${line}`);
  };
  const disabledFor = (argv: string | string[]) => db.refused(argv, { code: 5, error: 'USER_DISABLED' });

  it('loses the sessions, cannot log in, and comes back with the same key and none of them', async () => {
    expect(await login()).toEqual(expect.stringMatching(/^lgn_/));
    const disabled = await db.cli('user', 'disable', 'u', '--reason', 'left the desk', '--json');
    expect(JSON.parse(disabled.stdout)).toMatchObject({ user_id: 'u', enabled: false, working_orders: 0 });
    expect(disabled.stderr).toContain('ends the sessions of u');
    expect([await sessions(), await login()]).toEqual([[], 5]);
    await disabledFor('session start --user u');
    const rows = await db.audits('user disable');
    expect(rows.at(-1)?.body).toMatchObject({
      before: { enabled: true },
      after: { enabled: false },
      reason: 'left the desk',
    });
    expect(await db.json('user', 'disable', 'u')).toMatchObject({ enabled: false });
    expect((await db.audits('user disable')).length).toBe(rows.length);
    const enabled = (await db.audits('user enable')).length;
    expect(await db.json('user', 'enable', 'u', '--reason', 'back')).toMatchObject({ enabled: true });
    expect(await db.json('user', 'enable', 'u')).toMatchObject({ enabled: true });
    expect((await db.audits('user enable')).length).toBe(enabled + 1);
    const session = await login();
    expect(await sessions()).toEqual([session]);
  });

  it('is not there: 3; on a dry run stays: 0', async () => {
    for (const verb of ['disable', 'enable']) await db.refused(`user ${verb} nobody`, { code: 3 });
    const session = await login();
    expect((await db.cli('user', 'disable', 'u', '--dry-run')).code).toBe(0);
    expect([await sessions(), await db.json('user', 'show', 'u')]).toMatchObject([
      [session],
      { enabled: true },
    ]);
  });

  it('may enter no more, but reduce, close and cancel; what works is counted and left alone', {
    timeout: 180_000,
  }, async () => {
    await given.strategy(db, 's');
    await db.json(...words('strategy activate s --user u --allocation 1000'));
    for (const [id, more] of [
      ['long', '--side BUY --strategy s'],
      ['short', '--side SELL --symbol INFY'],
    ]) {
      await db.json(...place(`--order-id ${id} ${more}`));
      await db.json(...words(`order fill ${id} --quantity 10 --price 100`));
    }
    await db.json(...place('--order-id working --side BUY'));
    const { stdout, stderr } = await db.cli('user', 'disable', 'u', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ working_orders: 1 });
    expect(stderr).toContain('1 working order of u may still be filled');
    expect(stderr).toContain('pinnacle order cancel --user u');
    expect(await db.json('order', 'show', 'working')).toMatchObject({ status: 'PENDING' });

    for (const entry of [
      '--side BUY',
      '--side BUY --strategy s',
      '--side SELL --symbol INFY',
      // What reduces the position of another strategy is an entry of its own.
      '--side SELL',
      // More than there is turns the position around.
      '--side SELL --strategy s --quantity 11',
      '--side BUY --symbol INFY --quantity 11',
    ])
      await disabledFor(place(entry));
    const part = await db.json(...place('--side SELL --strategy s --quantity 4'));
    await db.json(...words(`order fill ${part['order_id']} --quantity 4 --price 101`));
    // Six are left, and two of them on their way out.
    const rest = await db.json(...place('--side SELL --strategy s --quantity 2'));
    const over = '--side SELL --strategy s --quantity 5';
    await disabledFor(place(over));
    const amend = words(`order amend ${rest['order_id']}`);
    await disabledFor([...amend, '--quantity', '7']);
    await db.json(...amend, '--quantity', '6');
    await db.json('order', 'cancel', String(rest['order_id']));

    const open = await db.json<{ position_id: string; status: string }[]>(
      ...words('position list --user u --json'),
    );
    for (const { position_id } of open.filter(({ status }) => status === 'OPEN'))
      expect(await db.json('position', 'close', position_id, '--price', '102')).toMatchObject({
        status: 'CLOSED',
        closing_status: 'FILLED',
      });
    expect((await db.cli('order', 'cancel', 'working')).code).toBe(0);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it.each([
    ['disable', ['user', 'disable', 'u']],
    ['rotate-key', ['user', 'rotate-key', 'u', '--json']],
    ['revoke-key', ['user', 'revoke-key', 'u', '--yes']],
  ])('by %s while Redis is away, loses the sessions later, but none begun since', async (_verb, argv) => {
    const before = await login();
    const away = await db.cliWith(AWAY, ...argv);
    expect([away.code, away.stderr]).toEqual([8, expect.stringContaining('realtime drain')]);
    expect(await sessions()).toEqual([before]);
    await db.json('user', 'enable', 'u');
    const replaced = await db.json<{ api_key: string }>('user', 'rotate-key', 'u', '--grace', '1h');
    key = replaced.api_key;
    const since = await login();
    expect(await sessions()).toEqual([before, since]);
    expect(await db.json('realtime', 'drain')).toEqual({ drained: 1, pending: 0 });
    expect(await sessions()).toEqual([since]);
  });

  it('keeps the sessions through a rotation with grace, and not through one without', async () => {
    const session = await login();
    const { api_key } = await db.json<{ api_key: string }>('user', 'rotate-key', 'u', '--grace', '1h');
    expect(await sessions()).toEqual([session]);
    key = api_key;
    key = (await db.json<{ api_key: string }>('user', 'rotate-key', 'u')).api_key;
    expect(await sessions()).toEqual([]);
  });

  it('is told that sessions go on where no Redis is configured', async () => {
    const session = await login();
    const { code, stderr } = await db.cliWith({ env: { REDIS_URL: '' } }, 'user', 'disable', 'u');
    expect([code, stderr]).toEqual([0, expect.stringContaining('No Redis is configured here')]);
    expect(await sessions()).toEqual([session]);
    // Disabling again, where it is, ends them.
    await db.json('user', 'disable', 'u');
    expect(await sessions()).toEqual([]);
  });
});
