import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('filters and orders of lists on $name', ({ open }) => {
  let db: TestDatabase;
  const list = (line: string) => db.json<Row[]>(...words(line));
  const column = async (line: string, name: string) => (await list(line)).map((row) => row[name]);

  beforeAll(async () => {
    db = await open();
    for (const user of ['u1', 'u2', 'u3']) {
      await given.user(db, user);
      await db.json(...words(`session start ${user}`));
    }
    await given.strategy(db, 's1');
    await db.json(...words('strategy activate s1 --user u1 --allocation 1000'));
    for (const [i, user] of ['u1', 'u2', 'u3', 'u1'].entries())
      await given.order(db, {
        orderId: `o${i}`,
        user,
        symbol: i === 3 ? 'INFY' : 'TCS',
        side: i === 1 ? 'SELL' : 'BUY',
      });
    await db.json(...words('order accept o1 --broker-order-id b1'));
    await db.json(...words('order reject o2 --reason no'));
    await given.fill(db, 'o0', { quantity: 10, price: 100 });
    await given.position(db, { orderId: 'p0', user: 'u2', symbol: 'WIPRO', price: 50 });
    await given.position(db, { orderId: 'p1', user: 'u2', symbol: 'SBIN', price: 60 });
    await db.json(...words('position mark TCS=90 WIPRO=55 SBIN=61'));
    await db.json(...words('session end u3'));
    await db.json(...words('risk set u1 MAX_DRAWDOWN 5'));
    await db.json(...words('risk set u1 MAX_ORDERS_PER_DAY 50'));
    await db.json(...words('risk set u2 MAX_DRAWDOWN 5'));
  });
  afterAll(() => db.close());

  it.each([
    ['order list --status PENDING,PLACED', 'order_id', ['o3', 'o1']],
    ['order list --status placed --status pending', 'order_id', ['o3', 'o1']],
    ['order list --working', 'order_id', ['o3', 'o1']],
    ['order list --working --user u1', 'order_id', ['o3']],
    ['order list --side SELL', 'order_id', ['o1']],
    ['order list --user u1,u3 --symbol TCS,INFY', 'order_id', ['o3', 'o2', 'o0']],
    ['order list --user u1,u3 --status FILLED,REJECTED,FILLED', 'order_id', ['o2', 'o0']],
    ['fill list --user u1,u2', 'order_id', ['p1', 'p0', 'o0']],
    ['fill list --order o0,p1 --symbol TCS,SBIN', 'order_id', ['p1', 'o0']],
    ['position list --user u1,u2', 'symbol', ['SBIN', 'WIPRO', 'TCS']],
    ['position list --symbol SBIN,TCS --status OPEN,CLOSED', 'symbol', ['SBIN', 'TCS']],
    ['position list --user u1,u2 --as-of now', 'symbol', ['SBIN', 'WIPRO', 'TCS']],
    ['session list --user u1,u3', 'user_id', ['u3', 'u1']],
    ['session list --status ACTIVE,COMPLETED', 'user_id', ['u3', 'u2', 'u1']],
    ['risk list --user u1,u2 --rule MAX_DRAWDOWN', 'user_id', ['u1', 'u2']],
    ['strategy list --user u1 --status ACTIVE,PAUSED', 'strategy_id', ['s1']],
    ['strategy list --user u1 --status PAUSED', 'strategy_id', []],
    ['notification list --type ORDER_REJECTED,RISK_ALERT', 'notification_type', ['ORDER_REJECTED']],
    ['notification list --user u3,u1 --type ORDER_FILLED', 'user_id', ['u1']],
    ['audit list --user u3 --command', 'target', ['session {s3}', 'order o2', 'user u3']],
  ])('%s', async (line, name, expected) => {
    const asked = line.endsWith('--command')
      ? [...words(line), 'session end,order reject,user add']
      : words(line);
    const [session] = await list('session list --user u3');
    const found = (await db.json<Row[]>(...asked)).map((row) => row[name]);
    expect(found).toEqual(expected.map((one) => one.replace('{s3}', String(session?.['session_id']))));
  });

  it.each([
    ['order list --status PENDING,PLCED', /must be one of PENDING, .*, not "PLCED"/, /--status PLACED\?/],
    ['order list --side BUYY', /must be one of BUY, SELL, not "BUYY"/, /--side BUY\?/],
    ['position list --product CNC,XXX', /--product must be one of CNC, MIS, NRML, MTF, not "XXX"/, undefined],
    ['risk list --rule max_drawdwn', /must be one of/, /--rule MAX_DRAWDOWN\?/],
    ['order list --sort updated_at', /--sort must be one of created_at, order_id/, undefined],
    ['order list --user u1,', /--user must be letters/, undefined],
    ['order list --working --status FILLED', /exclude each other/, undefined],
    ['strategy list --status PAUSED', /needs the --user/, undefined],
    ['position list --sort closed_at', /needs --status CLOSED/, undefined],
    ['position list --as-of now --reverse', /takes neither --sort nor --reverse/, undefined],
    ['risk list u1 --user u2', /--user is given twice/, undefined],
  ])('%s ends 2 with what it may be', async (line, message, hint) => {
    const error = await db.refused(words(line), { code: 2 });
    expect(error.message).toMatch(message);
    if (hint) expect(error.hint).toMatch(hint);
  });

  it.each([
    'order list',
    'position list',
    'position list --as-of now',
    'session list',
    'fill list',
    'risk list',
  ])('%s misses none of several that are named', async (line) => {
    await db.refused(words(`${line} --user u1,nosuch`), { code: 3, error: 'USER_NOT_FOUND' });
  });

  it.each([
    ['order list', 'order_id'],
    ['order list --sort order_id', 'order_id'],
    ['order list --working --reverse', 'order_id'],
    ['order list --user u1,u2', 'order_id'],
    ['fill list --sort executed_at', 'fill_id'],
    ['position list --sort unrealized_pnl', 'position_id'],
    ['position list --user u1,u2 --sort unrealized_pnl --reverse', 'position_id'],
    ['session list --reverse', 'session_id'],
    ['session list --sort end_time', 'session_id'],
    ['notification list', 'notification_id'],
    ['notification list --reverse', 'notification_id'],
    ['notification list --user u1 --sort created_at', 'notification_id'],
    ['audit list --reverse', 'id'],
  ])('%s goes on page after page as it is whole', async (line, id) => {
    const whole = await column(`${line} --all`, id);
    expect(whole.length).toBeGreaterThan(0);
    const turned = line.endsWith(' --reverse') ? line.replace(' --reverse', '') : `${line} --reverse`;
    expect(await column(`${turned} --all`, id)).toEqual([...whole].reverse());
    const paged: unknown[] = [];
    for (let after: string[] | undefined = []; after; ) {
      const { stdout, stderr } = await db.cli(...words(`${line} --limit 1 --json`), ...after);
      paged.push(...(JSON.parse(stdout) as Row[]).map((row) => row[id]));
      after = /--after \S+/.exec(stderr)?.[0].split(' ');
    }
    expect(paged).toEqual(whole);
  });

  it('refuses the cursor of another order, and takes that of the usual one as before', async () => {
    const cursorOf = async (line: string) =>
      /--after (\S+)/.exec((await db.cli(...words(`${line} --limit 1`))).stderr)?.[1] ?? '';
    const usual = await cursorOf('order list');
    expect(JSON.parse(Buffer.from(usual, 'base64url').toString())).toEqual([
      expect.any(String),
      expect.any(String),
    ]);
    const reversed = await cursorOf('order list --reverse');
    for (const [line, cursor] of [
      ['order list', reversed],
      ['order list --reverse', usual],
      ['order list --sort order_id', reversed],
      ['user list', reversed],
    ] as const) {
      const error = await db.refused([...words(line), '--after', cursor], { code: 2 });
      expect(error.message).toContain('in another order');
    }
    await db.refused([...words('notification list --after'), usual], { code: 2 });
  });

  it('exports and watches what lists find', async () => {
    const { stdout } = await db.cli(...words('order export --working --format ndjson'));
    const ids = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).order_id);
    expect(ids.sort()).toEqual(['o1', 'o3']);
  });

  it('says an empty list of several in one word', async () => {
    const { stderr } = await db.cliWith(
      { tty: true },
      ...words('order list --status CANCELLED,REJECTED --user u1'),
    );
    expect(stderr).toContain('Nothing found by: pinnacle order list --user u1 --status CANCELLED,REJECTED');
  });

  it('takes what it acts on and filters by where earlier versions did', async () => {
    expect(await column('risk list u1', 'rule_type')).toEqual(['MAX_DRAWDOWN', 'MAX_ORDERS_PER_DAY']);
    await db.json(...words('session start --user u3'));
    await db.json(...words('session end --user u3'));
    expect((await db.audits('session end')).length).toBe(2);
    await db.refused(words('session start u1 --user u1'), { code: 2, stderr: /USER is given twice/ });
    await db.refused(words('session start --all u1'), { code: 2 });
  });
});

it('does not say so in help', async () => {
  const [session, risk, user] = await Promise.all(
    ['session start', 'risk list', 'user'].map(async (line) => (await cli(words(`${line} --help`))).stdout),
  );
  expect(session).toContain('Usage: pinnacle session start [options] USER [flags]'.replace('[options] ', ''));
  expect(session).not.toContain('--user');
  expect(risk).toMatch(/--user <USER> +rules of this user \(several with commas\)/);
  expect(user).toMatch(/logins/);
  expect(user).not.toMatch(/^ *sessions/m);
  expect(JSON.parse((await cli(words('help user sessions list --json'))).stdout).path).toBe(
    'user logins list',
  );
});
