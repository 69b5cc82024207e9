import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell, start } from '../helpers/process.ts';
import { TIMED } from '../helpers/timed.ts';

const ORDER = ['order', 'place', '--user', 'u', '--symbol', 'TCS', '--side', 'BUY', '--quantity', '1'];
/** Who waits for the transaction that asks: other suites have waiters of their own on the same server. */
const WAITING = 'SELECT pid FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid';

describe.each(databases)('real processes on $name', ({ name, openCold: open }) => {
  // On the embedded engine one has the folder after the other, and each opens it.
  const AT_ONCE = name === 'embedded' ? 8 : 20;
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db.close());

  it('many at once place as many orders and lose none', async () => {
    const results = await Promise.all(
      Array.from(
        { length: AT_ONCE },
        () => start({ ...db.env, PINNACLE_TIMEOUT: '120s' }, ...ORDER, '--json', 'order_id').ended,
      ),
    );
    expect(results.map(({ code }) => code)).toEqual(Array(AT_ONCE).fill(0));
    const ids = new Set(results.map(({ stdout }) => JSON.parse(stdout).order_id));
    const { rows } = await db.query('SELECT order_id FROM orders');
    expect(new Set(rows.map((row) => row['order_id']))).toEqual(ids);
    expect(ids.size).toBe(AT_ONCE);
  }, 180_000);

  it('into a pipe: no header, no colour, nothing cut, times in RFC 3339', async () => {
    const { code, stdout, stderr } = await shell(db.env, '$PINNACLE order list </dev/null | cat');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(AT_ONCE);
    for (const line of lines)
      expect(line).toMatch(
        /^ord_\w{26}\tu\t\tTCS\tBUY\tMARKET\t1\t0\t0\t0\tPENDING\t\d{4}-\d\d-\d\dT[\d:.]+Z$/,
      );
  });

  it('a reader that leaves early ends it quietly', async () => {
    const { stdout, stderr } = await shell(db.env, '$PINNACLE order list --all | head -n 1');
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });

  it('a write without its flags, and nobody to ask, exits 2 and changes nothing', async () => {
    const { code, stdout, stderr } = await shell(db.env, '$PINNACLE order place --user u </dev/null');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('--symbol, --side, --quantity');
  });

  it('a full disk behind stdout is exit 74', async () => {
    const { code, stderr } = await shell(db.env, '$PINNACLE order list --json > /dev/full');
    expect({ code, stderr }).toMatchObject({ code: 74, stderr: expect.stringContaining('full') });
  });
});

describe.each(servers)('on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db.close());

  it('writes more than a pipe holds, whole', async () => {
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       SELECT 'bulk-' || lpad(g::text, 6, '0'), 'u', 'TCS', 'BUY', 'LIMIT', g, 1 FROM generate_series(1, 20000) g`,
    );
    const { code, stdout } = await shell(db.env, '$PINNACLE order list --all --json | (sleep 1; cat)');
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(1_000_000);
    expect(JSON.parse(stdout)).toHaveLength(20_000);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s rolls back and ends %i within two seconds', TIMED, async (signal, exit) => {
    await db.query('BEGIN');
    await db.query('SELECT FROM users FOR UPDATE');
    const before = Date.now();
    const { child, ended } = start(db.env, ...ORDER, '--order-id', `never-${exit}`);
    for (let waiting = 0; waiting === 0 && Date.now() - before < 60_000; ) {
      const { rows } = await db.query(`SELECT count(*)::int AS n FROM (${WAITING}) AS waiting`);
      waiting = Number(rows[0]?.['n']);
    }
    const killed = Date.now();
    child.kill(signal);
    const { code, stdout } = await ended;
    await db.query('ROLLBACK');
    expect({ code, stdout }).toEqual({ code: exit, stdout: '' });
    expect(Date.now() - killed).toBeLessThan(2_500);
    expect((await db.cli('order', 'show', `never-${exit}`)).code).toBe(3);
  });

  it('two operators on one order: one wins, the other exits 5 naming the state', async () => {
    for (let round = 0; round < 5; round++) {
      const order = `duel-${round}`;
      await db.json(...ORDER, '--order-id', order);
      const [fill, cancel] = await Promise.all([
        start(db.env, 'order', 'fill', order, '--quantity', '1', '--price', '10').ended,
        start(db.env, 'order', 'cancel', order).ended,
      ]);
      const { status, filled_quantity } = await db.json<{ status: string; filled_quantity: number }>(
        'order',
        'show',
        order,
      );
      expect(fill.code).toBe(0);
      expect(filled_quantity).toBe(1);
      expect(status).toBe('FILLED');
      // The fill came first, and the cancel was refused; or the cancel did, and the late fill completed the order.
      if (cancel.code !== 0)
        expect(cancel).toMatchObject({ code: 5, stderr: expect.stringContaining('FILLED') });
    }
  });

  it('a terminated backend is no crash', async () => {
    await db.query('BEGIN');
    await db.query('SELECT FROM users FOR UPDATE');
    const { ended } = start(db.env, ...ORDER);
    let pid: unknown;
    while (pid === undefined) {
      const { rows } = await db.query(WAITING);
      pid = rows[0]?.['pid'];
    }
    await db.query('SELECT pg_terminate_backend($1)', [pid]);
    await db.query('ROLLBACK');
    expect(await ended).toMatchObject({ code: 7, stderr: expect.stringContaining('Nothing was changed') });
  });

  it.each([
    ['nothing listens', 'postgres://u@127.0.0.1:1/x', 7, 'nothing listens'],
    ['no such socket', 'postgres://u@/x?host=/nonexistent', 7, 'no such socket'],
    ['an unknown host', 'postgres://u@host.invalid/x', 7, 'cannot be reached'],
    ['not a URL', 'mysql://u@h/x', 78, 'must be embedded or a URL'],
  ])('%s: exit %s', async (_name, url, exit, message) => {
    const { code, stdout, stderr } = await start({ DATABASE_URL: url }, 'user', 'list').ended;
    expect({ code, stdout, stderr }).toMatchObject({
      code: exit,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it('names a database that does not exist', async () => {
    const url = db.env['DATABASE_URL']?.replace(/pinnacle_\w+/, 'no_such_database') ?? '';
    const { code, stderr } = await start({ DATABASE_URL: url }, 'user', 'list').ended;
    expect({ code, stderr }).toMatchObject({ code: 78, stderr: expect.stringContaining('no such database') });
  });

  it('is named by its command in pg_stat_activity, and keeps its times in UTC', async () => {
    const { rows } = await db.query(`SELECT created_at FROM orders ORDER BY created_at DESC LIMIT 1`);
    const { stdout } = await start(
      { ...db.env, TZ: 'America/New_York' },
      'order',
      'list',
      '--limit',
      '1',
      '--json',
      'created_at',
    ).ended;
    expect(JSON.parse(stdout)).toEqual([{ created_at: rows[0]?.['created_at'] }]);
  });

  it('without a configuration, unattended, is exit 78 and touches nothing', async () => {
    const { code, stderr } = await start({}, 'user', 'list').ended;
    expect({ code, stderr }).toMatchObject({ code: 78, stderr: expect.stringContaining('DATABASE_URL') });
  });
});

describe.each(servers)('a database at an earlier phase on $name', ({ open }) => {
  it.each([
    [0, ['user', 'list'], 'migrate up'],
    [1, ['position', 'list'], 'migrate up'],
    [1, ['order', 'fill', 'x', '--quantity', '1', '--price', '1'], 'migrate up'],
  ] as const)('at phase %i, %j is refused with the command that helps', async (phase, argv, hint) => {
    const db = await open(phase);
    try {
      if (phase === 1) {
        await given.user(db, 'u');
        await db.json(...ORDER, '--order-id', 'x');
      }
      const { code, stderr } = await db.cli(...argv);
      expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining(hint) });
    } finally {
      await db.close();
    }
  });

  it('says that somebody changed the schema', async () => {
    const db = await open();
    try {
      await db.query('ALTER TABLE users DROP COLUMN last_login');
      const { code, stderr } = await db.cli('user', 'list');
      expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining('migrate drift') });
    } finally {
      await db.close();
    }
  });
});
