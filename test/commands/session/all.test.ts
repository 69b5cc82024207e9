import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('the sessions of everyone on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const id of ['u1', 'u2', 'u3']) await given.user(db, id);
    await given.strategy(db, 's');
    await db.json(...words('strategy activate s --user u2'));
  });
  afterAll(() => db.close());

  const start = (flags = '') => db.cli(...words(`session start --all ${flags} --json user_id,problem`));

  it('start for those who run a strategy, then for the others; who has one is named', async () => {
    await db.refused('session start --user u1 --trading', { code: 2 });
    const some = await start('--trading');
    expect({ ...some, stdout: JSON.parse(some.stdout) }).toMatchObject({
      code: 0,
      stdout: [{ user_id: 'u2', problem: null }],
    });
    const others = await start();
    expect(JSON.parse(others.stdout)).toEqual([
      { user_id: 'u1', problem: null },
      { user_id: 'u3', problem: null },
    ]);
    expect(others.stderr).toContain('1 user has a session of today already: u2');
    const again = await start();
    expect({ ...again, stdout: JSON.parse(again.stdout) }).toMatchObject({ code: 0, stdout: [] });
    expect(again.stderr).toContain('3 users have a session of today already: u1, u2, u3');
    expect((await db.audits('session start')).map(({ body }) => body['started'])).toEqual([1, 2]);
  });

  it('do not start where one of an earlier day still runs: it is listed, and ends 6', async () => {
    await db.query(
      "UPDATE trading_sessions SET start_time = start_time - interval '2 days' WHERE user_id = 'u3'",
    );
    await db.json(...words('session end --user u1'));
    const { code, stdout, stderr } = await start();
    expect({ code, rows: JSON.parse(stdout) }).toMatchObject({
      code: 6,
      rows: [
        { user_id: 'u1', problem: null },
        { user_id: 'u3', problem: expect.stringMatching(/^runs since 20/) },
      ],
    });
    expect(stderr).toContain('u3');
    expect(stderr).toContain('pinnacle session end --all');
    expect(stderr).toContain('1 user has a session of today already: u2');
  });

  it('end with what their users leave open, which ends 6 only where it is asked for', async () => {
    await given.position(db, { user: 'u1', quantity: 10, price: 100 });
    await db.json(...words('position mark TCS=95'));
    await given.order(db, { user: 'u1', symbol: 'INFY', type: 'LIMIT', price: 10 });
    await given.order(db, { user: 'u2', symbol: 'INFY', type: 'LIMIT', price: 10 });
    const { code, stdout, stderr } = await db.cli(
      ...words('session end --all --json user_id,status,open_positions,unrealized_pnl,working_orders'),
    );
    expect(code).toBe(0);
    const rows = (JSON.parse(stdout) as Row[]).sort((a, b) =>
      String(a['user_id']).localeCompare(String(b['user_id'])),
    );
    expect(rows).toEqual([
      { user_id: 'u1', status: 'COMPLETED', open_positions: 1, unrealized_pnl: '-50.00', working_orders: 1 },
      { user_id: 'u2', status: 'COMPLETED', open_positions: 0, unrealized_pnl: '0.00', working_orders: 1 },
      { user_id: 'u3', status: 'COMPLETED', open_positions: 0, unrealized_pnl: '0.00', working_orders: 0 },
    ]);
    expect(stderr).toContain('Left open: 1 position with -₹50.00 unrealized, of u1.');
    expect(stderr).toContain('Left working: 2 orders of u1, u2.');
    await start();
    await db.refused('session end --user u1 --require-flat', { code: 2 });
    const strict = await db.cli(...words('session end --all --require-flat --json'));
    expect({ code: strict.code, rows: JSON.parse(strict.stdout).length }).toEqual({ code: 6, rows: 3 });
    expect((await db.cli(...words('session list --status ACTIVE --json'))).stdout.trim()).toBe('[]');
    const again = await db.cli(...words('session end --all --require-flat --json'));
    // Nobody has a session any more, and what they left is still there.
    expect({ code: again.code, rows: JSON.parse(again.stdout) }).toEqual({ code: 6, rows: [] });
    expect(again.stderr).toContain('Left open: 1 position');
  });

  it('repeat the finding under the same idempotency key', async () => {
    await start();
    const line = words('session end --all --require-flat --idempotency-key k --json session_id');
    const first = await db.cli(...line);
    const second = await db.cli(...line);
    expect(second.stdout).toBe(first.stdout);
    expect([first.code, second.code]).toEqual([6, 6]);
  });
});
