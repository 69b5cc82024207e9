import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, string | number | null>;

describe.each(databases)('movements of money on $name', ({ open }) => {
  let db: TestDatabase;
  let count = 0;
  let user: string;
  beforeAll(async () => {
    db = await open();
    await given.strategy(db, 'rsi');
  });
  afterAll(() => db?.close());
  /** A trader with a million rupees for every test. */
  beforeEach(async () => {
    count++;
    user = await given.user(db, `t${count}`);
  });

  const run = (line: string) => db.json<Row>(...words(line));
  const capital = async () => (await run(`user show ${user}`))['total_capital'];
  const flowsOf = (more = '') => db.json<Row[]>(...words(`user flows ${user} ${more}`));
  const sound = async () => {
    const { code, stdout } = await db.cli('doctor', 'ledger', '--user', user);
    expect({ code, found: code === 0 ? '' : stdout }).toEqual({ code: 0, found: '' });
  };

  it('moves the capital to the paisa, and has an audit entry and a row for each', async () => {
    const paid = await run(
      `user deposit ${user} 200000.5 --day 2022-03-01 --reason "added capital" --reference UTR1`,
    );
    expect(paid).toEqual({
      flow_id: expect.stringMatching(/^flo_/),
      user_id: user,
      kind: 'deposit',
      amount: '200000.50',
      day: '2022-03-01',
      reference: 'UTR1',
      reason: 'added capital',
      corrects: null,
      booked_by: expect.any(String),
      created_at: expect.stringMatching(/Z$/),
      total_capital: '1200000.50',
    });
    const out = await run(`user withdraw ${user} 0.51`);
    expect(out).toMatchObject({ kind: 'withdrawal', amount: '-0.51', total_capital: '1199999.99' });
    expect(out['reference']).toBe(out['flow_id']);
    const { rows } = await db.query(
      "SELECT to_char(now() AT TIME ZONE 'Asia/Kolkata', 'YYYY-MM-DD') AS today",
    );
    expect(out['day']).toBe(rows[0]?.['today']);
    expect(await capital()).toBe('1199999.99');
    const told = (await db.audits('user deposit')).filter(({ target }) => target === `user ${user}`);
    expect(told).toMatchObject([
      { body: { flow: { amount: '200000.50', day: '2022-03-01', reference: 'UTR1' } } },
    ]);
    await sound();
  });

  it.each(['0', '0.00', '-5', '1.234', '1e5', '99999999999999', 'NaN', '1,000', '₹5'])(
    'refuses an amount of %s with exit 2',
    async (amount) => {
      for (const verb of ['deposit', 'withdraw']) await db.refused(['user', verb, user, amount], { code: 2 });
      expect(await capital()).toBe('1000000.00');
    },
  );

  it('refuses what makes no sense: a day to come, a user who is not there, force without a reason', async () => {
    await db.refused(`user deposit ${user} 1 --day 2999-01-01`, { code: 2, stderr: 'to come' });
    await db.refused(`user withdraw ${user} 1 --day 2999-01-01`, { code: 2, stderr: 'to come' });
    await db.refused(`user deposit ${user} 1 --day 2026-02-30`, { code: 2 });
    await db.refused('user deposit nobody 1', { code: 3, error: 'USER_NOT_FOUND' });
    await db.refused('user flows nobody', { code: 3, error: 'USER_NOT_FOUND' });
    await db.refused(`user withdraw ${user} 1 --force`, { code: 2, stderr: '--reason' });
    await db.refused(`user flows ${user} --since 2026-02-01 --until 2026-01-01`, { code: 2 });
    await db.refused(`user deposit ${user} 9999999999999.99`, { code: 5, error: 'CAPITAL_LIMIT' });
    expect(await flowsOf()).toEqual([]);
  });

  it('books a reference once: the same again changes nothing, other terms are refused', async () => {
    const line = `user deposit ${user} 500 --reference R1 --day 2026-01-30`;
    const first = await run(line);
    for (const again of [line, `user deposit ${user} 500.0 --reference R1`]) {
      const { code, stderr, stdout } = await db.cli(...words(again), '--json');
      expect({ code, row: JSON.parse(stdout) }).toEqual({ code: 0, row: first });
      expect(stderr).toContain('already booked');
    }
    await db.refused(`user deposit ${user} 501 --reference R1`, { code: 5, error: 'FLOW_CONFLICT' });
    const other = await db.refused(`user deposit ${user} 500 --reference R1 --day 2026-01-29`, {
      code: 5,
      error: 'FLOW_CONFLICT',
    });
    expect(other.message).toContain('₹500.00 on 2026-01-30');
    expect(other.hint).toContain(`pinnacle user flows ${user} --kind deposit`);
    // A reference is that of a user and a kind.
    await run(`user withdraw ${user} 500 --reference R1`);
    expect(await capital()).toBe('1000000.00');
    expect(await flowsOf()).toHaveLength(2);
    expect((await db.audits('user deposit')).filter(({ target }) => target === `user ${user}`)).toHaveLength(
      1,
    );
    // Without one, two deposits are two.
    for (const _ of [1, 2]) await run(`user deposit ${user} 1`);
    expect(await capital()).toBe('1000002.00');
    await run(`user deposit ${user} 1 --idempotency-key k-${user}`);
    await run(`user deposit ${user} 1 --idempotency-key k-${user}`);
    expect(await capital()).toBe('1000003.00');
  });

  it('pays out what is free: not what strategies have set aside, not what open positions lose', async () => {
    await run(`strategy activate rsi --user ${user} --allocation 300000`);
    await given.position(db, { user, symbol: 'TCS', quantity: 100, price: 1000 });
    await given.position(db, { user, symbol: 'INFY', quantity: 100, price: 1000 });
    await db.json('position', 'mark', 'TCS=900', 'INFY=1100', '--yes');
    const { message } = await db.refused(`user withdraw ${user} 690000.01`, {
      code: 5,
      error: 'FREE_CAPITAL',
    });
    expect(message).toBe(
      `A withdrawal of ₹6,90,000.01 is beyond the free capital of ${user}, ₹6,90,000.00: a capital of ₹10,00,000.00, less ₹3,00,000.00 set aside for strategies and ₹10,000.00 of open losses.`,
    );
    await run(`user withdraw ${user} 690000`);
    await db.refused(`user withdraw ${user} 0.01`, { code: 5, error: 'FREE_CAPITAL' });
    const forced = await run(`user withdraw ${user} 400000 --force --reason "account is closed"`);
    expect(forced).toMatchObject({ total_capital: '-90000.00', reason: 'account is closed' });
    expect((await db.audits('user withdraw')).at(-1)?.body).toMatchObject({
      forced: { capital: '310000.00', allocated: '300000.00', open_losses: '10000.00', free: '0.00' },
    });
    await sound();
    // What is left over is set aside by nobody.
    await db.refused(`strategy activate rsi --user ${user} --allocation 300001`, {
      code: 5,
      error: 'FREE_CAPITAL',
    });
  });

  it('counters a movement by one of the other sign, once, and leaves both on record', async () => {
    const paid = await run(`user deposit ${user} 70 --reference wrong --day 2026-01-30`);
    const countered = await run(`user reverse-flow ${paid['flow_id']} --reason "never arrived" --yes`);
    expect(countered).toMatchObject({
      kind: 'correction',
      amount: '-70.00',
      day: '2026-01-30',
      reference: paid['flow_id'],
      reason: 'never arrived',
      total_capital: '1000000.00',
    });
    const again = await db.cli(...words(`user reverse-flow ${paid['flow_id']} --reason again --yes`));
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('already countered') });
    const hints = [
      await db.refused(`user reverse-flow ${countered['flow_id']} --reason r --yes`, {
        code: 5,
        error: 'FLOW_IS_CORRECTION',
      }),
      await db.refused(`user deposit ${user} 70 --reference wrong`, { code: 5, error: 'FLOW_REVERSED' }),
    ];
    for (const { hint } of hints) expect(hint).toContain(`pinnacle user flows ${user}`);
    await db.refused('user reverse-flow flo_none --reason r --yes', { code: 3, error: 'FLOW_NOT_FOUND' });
    await db.refused(`user reverse-flow ${paid['flow_id']} --reason r`, { code: 4 });
    const out = await run(`user withdraw ${user} 10`);
    expect(await run(`user reverse-flow ${out['flow_id']} --reason r --yes`)).toMatchObject({
      amount: '10.00',
    });
    expect(await flowsOf()).toHaveLength(4);
    expect(await capital()).toBe('1000000.00');
    await sound();
  });

  it('lists by day, in pages, of a time and of a kind, and sums up', async () => {
    for (const [i, day] of ['2026-01-05', '2026-01-02', '2026-01-05', '2026-02-01'].entries())
      await run(`user deposit ${user} ${i + 1} --day ${day}`);
    const out = await run(`user withdraw ${user} 4 --day 2026-01-03`);
    await run(`user reverse-flow ${out['flow_id']} --reason r --yes`);
    const all = await flowsOf();
    expect(all.map(({ day, amount }) => [day, amount])).toEqual([
      ['2026-02-01', '4.00'],
      ['2026-01-05', '3.00'],
      ['2026-01-05', '1.00'],
      ['2026-01-03', '4.00'],
      ['2026-01-03', '-4.00'],
      ['2026-01-02', '2.00'],
    ]);
    expect(await flowsOf('--all')).toEqual(all);
    const paged: Row[] = [];
    for (let cursor = ''; ; ) {
      const page = await db.cli(...words(`user flows ${user} --limit 1 --json ${cursor}`));
      paged.push(...(JSON.parse(page.stdout) as Row[]));
      const [, next] = /--after (\S+)/.exec(page.stderr) ?? [];
      if (next === undefined) break;
      cursor = `--after ${next}`;
    }
    expect(paged).toEqual(all);
    const january = '--since 2026-01-03 --until 2026-01-05';
    expect(await flowsOf(january)).toEqual(all.slice(1, 5));
    expect(await flowsOf(`${january} --kind deposit`)).toEqual(all.slice(1, 3));
    const totals = (more = '') => db.json<Row[]>(...words(`user flow-totals ${user} ${more}`));
    expect(await totals()).toEqual([
      { kind: 'deposit', flows: 4, amount: '10.00' },
      { kind: 'withdrawal', flows: 2, amount: '0.00' },
    ]);
    expect(await totals('--until 2026-01-02')).toEqual([{ kind: 'deposit', flows: 1, amount: '2.00' }]);
    await db.refused('user flow-totals nobody', { code: 3, error: 'USER_NOT_FOUND' });
    await db.refused(`user flows ${user} --after bm9uc2Vuc2U`, { code: 2 });
  });

  it('moves a running session as a whole: a movement is neither its result nor its drawdown', async () => {
    await run(`session start --user ${user}`);
    await given.position(db, { user, symbol: 'TCS', quantity: 100, price: 1000 });
    await db.json('position', 'mark', 'TCS=1100', '--yes');
    const show = () => run(`session show --user ${user}`);
    expect(await show()).toMatchObject({ peak_equity: '1010000.00', equity: '1010000.00', drawdown: 0 });
    await run(`user deposit ${user} 500000.25`);
    expect(await show()).toMatchObject({
      capital_at_start: '1500000.25',
      peak_equity: '1510000.25',
      equity: '1510000.25',
      total_pnl: '0.00',
      max_drawdown: 0,
      drawdown: 0,
    });
    await db.json('position', 'mark', 'TCS=900', '--yes');
    const before = await show();
    expect(Number(before['max_drawdown'])).toBeCloseTo((20_000 / 1_510_000.25) * 100, 9);
    await run(`user withdraw ${user} 700000`);
    expect(await show()).toMatchObject({ max_drawdown: before['max_drawdown'], peak_equity: '810000.25' });
    const ended = await run(`session end --user ${user}`);
    expect(ended).toMatchObject({
      capital_at_start: '800000.25',
      capital_at_end: '800000.25',
      total_pnl: '0.00',
    });
    await sound();
    // The next session of the day goes on from the peak, as far as money was not taken out meanwhile.
    await run(`user withdraw ${user} 100000.25`);
    const next = await run(`session start --user ${user}`);
    expect(next).toMatchObject({ capital_at_start: '700000.00', peak_equity: '710000.00' });
    expect(next['max_drawdown']).toBe(before['max_drawdown']);
    await run(`user deposit ${user} 1`);
    await run(`session recompute ${next['session_id']}`);
    await sound();
  });

  it('counts for what limits the capital: the threshold of a rule, and the allocations of strategies', async () => {
    await run(`risk set ${user} MIN_CAPITAL_THRESHOLD 900000`);
    const order = `order place --user ${user} --symbol ITC --side BUY --quantity 1 --type LIMIT --price 10`;
    await run(`user withdraw ${user} 100000.01`);
    await db.refused(order, { code: 5 });
    await run(`user deposit ${user} 0.01`);
    await run(order);
    await run(`strategy activate rsi --user ${user} --allocation 900000`);
    await db.refused(`user withdraw ${user} 0.01`, { code: 5, error: 'FREE_CAPITAL' });
  });

  it('pays out nothing twice at once, and books no reference twice', async () => {
    const codes = async (lines: string[]) =>
      (await Promise.all(lines.map((line) => db.cli(...words(line))))).map(({ code }) => code).sort();
    const two = [1, 2].map((n) => `user withdraw ${user} 600000 --reference w${n}`);
    expect(await codes(two)).toEqual([0, 5]);
    expect(await capital()).toBe('400000.00');
    const same = Array.from({ length: 6 }, () => `user deposit ${user} 100 --reference same`);
    expect(await codes(same)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await capital()).toBe('400100.00');
    const [paid] = await flowsOf('--kind deposit');
    const back = Array.from({ length: 4 }, () => `user reverse-flow ${paid?.['flow_id']} --reason r --yes`);
    expect(await codes(back)).toEqual([0, 0, 0, 0]);
    expect(await capital()).toBe('400000.00');
    expect(await flowsOf()).toHaveLength(3);
    await sound();
  });

  it('is never changed, by nobody', async () => {
    await run(`user deposit ${user} 1`);
    for (const sql of ['UPDATE cash_flows SET amount = 2', 'DELETE FROM cash_flows', 'TRUNCATE cash_flows'])
      await expect(db.query(sql)).rejects.toThrow(/append-only/);
    const insert = (kind: string, amount: string) =>
      db.query(
        `INSERT INTO cash_flows (flow_id, user_id, kind, amount, day, reference) VALUES ('x', $1, $2, $3, '2026-01-01', 'x')`,
        [user, kind, amount],
      );
    for (const [kind, amount] of [
      ...[
        ['deposit', '-1'],
        ['withdrawal', '1'],
        ['charge', '1'],
        ['dividend', '0'],
        ['deposit', 'NaN'],
      ],
      ...[
        ['correction', '1'],
        ['bonus', '1'],
      ],
    ] as const)
      await expect(insert(String(kind), String(amount))).rejects.toThrow(/check constraint/);
  });

  it('is taken over with what another program made of the capital, which stays a balance of its own', async () => {
    const shared = await db.copy();
    try {
      await shared.cli('schema', 'shared');
      await shared.json(...words(`user deposit ${user} 1000`));
      await shared.query(`UPDATE users SET total_capital = total_capital + 77 WHERE user_id = '${user}'`);
      expect((await shared.cli('doctor', 'ledger', '--user', user, '--strict')).code).toBe(6);
      const [adopted] = await shared.json<Row[]>('ledger', 'adopt', '--user', user, '--yes');
      expect(adopted).toMatchObject({ capital: '1001077.00', left: 0 });
      const { rows } = await shared.query("SELECT capital FROM ledger_openings WHERE kind = 'capital'");
      expect(rows).toEqual([{ capital: '77.00' }]);
      await shared.json(...words(`user withdraw ${user} 1077`));
      expect((await shared.cli('doctor', 'ledger', '--user', user, '--strict')).code).toBe(0);
    } finally {
      await shared.close();
    }
  });

  it('says what is missing on a schema without it, where all else works', async () => {
    const old = await open();
    try {
      await backToStep(old, 10);
      await given.user(old);
      for (const line of [
        'user deposit trader_001 1',
        'user withdraw trader_001 1',
        'user flows trader_001',
        'user flow-totals trader_001',
        'user reverse-flow flo_1 --reason r --yes',
      ])
        await old.refused(line, { code: 5, error: 'PHASE_NEEDED' });
      await old.json('session', 'start', '--user', 'trader_001');
      await given.position(old, { price: 100 });
      expect((await old.cli('doctor', 'ledger')).code).toBe(0);
      expect((await old.cli('migrate', 'up')).code).toBe(0);
      await old.json('user', 'deposit', 'trader_001', '1');
      expect((await old.cli('doctor', 'ledger')).code).toBe(0);
    } finally {
      await old.close();
    }
  });
});
