import { afterEach, describe, expect, it } from 'vitest';
import { loadSteps } from '../../../src/operations/migrations/scripts.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { backToSingleScripts, backToStep } from '../../helpers/steps.ts';

let db: TestDatabase;
afterEach(() => db?.close());

describe.each(databases)(
  'a $name database that was rolled out when a phase was a single script',
  ({ open }) => {
    it('is verified before and after migrate up, which brings it up to date', async () => {
      db = await open(4);
      const whole = await db.json('migrate', 'status', '--steps');
      await backToSingleScripts(db);
      expect(await db.cli('migrate', 'verify')).toMatchObject({ code: 0, stdout: '' });
      expect((await db.cli('migrate', 'drift')).code).toBe(0);
      expect((await db.cli('migrate', 'up')).code).toBe(0);
      expect(await db.cli('migrate', 'verify')).toMatchObject({ code: 0, stdout: '' });
      expect((await db.cli('migrate', 'drift')).code).toBe(0);
      expect((await db.cli('migrate', 'status', '--exit-code')).code).toBe(0);
      const names = (rows: unknown) => (rows as { name: string }[]).map(({ name }) => name);
      expect(names(await db.json('migrate', 'status', '--steps'))).toEqual(names(whole));
    });

    it('can be reverted, repaired and redone', async () => {
      db = await open(4);
      await backToSingleScripts(db);
      await db.query("UPDATE pinnacle_migrations SET up_sha256 = 'x' WHERE phase = 4");
      expect((await db.cli('migrate', 'repair', '--yes')).code).toBe(0);
      expect((await db.cli('migrate', 'redo')).code).toBe(0);
      expect((await db.cli('migrate', 'down')).code).toBe(0);
      expect((await db.cli('migrate', 'up')).code).toBe(0);
      expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
    });
  },
);

describe.each(databases)('migrate status on the $name database', ({ open }) => {
  it('shows phases, and with --steps the steps', async () => {
    db = await open(4);
    const phases = await db.json<Record<string, unknown>[]>('migrate', 'status');
    expect(phases.map((row) => Object.keys(row))).toEqual(
      Array(4).fill(['phase', 'name', 'state', 'applied_at', 'applied_by', 'duration_ms']),
    );
    const steps = await db.json<Record<string, unknown>[]>('migrate', 'status', '--steps');
    expect(steps.slice(0, 4)).toMatchObject([
      { phase: 1, step: 1, name: 'core_tables', state: 'applied' },
      { phase: 2, step: 1, name: 'positions_strategies', state: 'applied' },
      { phase: 3, step: 1, name: 'notifications_sessions', state: 'applied' },
      { phase: 4, step: 1, name: 'risk_advanced', state: 'applied' },
    ]);
  });
});

const LONG = 'NIFTY26JAN23500CE-26JAN24500CE';

describe.each(databases)('a $name database that lacks steps of phase 4', ({ open }) => {
  it('says so, keeps working, and names what brings it up to date', async () => {
    db = await open(4);
    const all = await db.json<{ phase: number; step: number }[]>('migrate', 'status', '--steps');
    await backToStep(db, 1);
    const status = await db.cli('migrate', 'status', '--exit-code', '--json', 'phase,state');
    expect(status.code).toBe(6);
    expect(JSON.parse(status.stdout)[3]).toEqual({ phase: 4, state: 'partial' });
    expect(status.stderr).toMatch(/Phase 4 lacks steps? 2 symbols_and_settings.*\. Run: pinnacle migrate up/);
    const doctor = await db.cli('doctor', '--check', 'phase', '--json', 'state,detail,help');
    expect(JSON.parse(doctor.stdout)).toMatchObject([
      {
        state: 'warn',
        detail: expect.stringContaining('phase 4 of 4; phase 4 lacks'),
        help: 'pinnacle migrate up',
      },
    ]);
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });

    await db.json('user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com');
    const place = (symbol: string) =>
      db.cli(...'order place --user u --side BUY --quantity 1 --price 5 --symbol'.split(' '), symbol);
    expect((await place('SBIN')).code).toBe(0);
    expect(await place(LONG)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/more than 20 characters[\s\S]*pinnacle migrate up/),
    });

    const plan = await db.json<{ phase: number }[]>('migrate', 'plan');
    expect(new Set(plan.map(({ phase }) => phase))).toEqual(new Set([4]));
    const up = await db.json<{ state: string }[]>('migrate', 'up');
    expect(up.map(({ state }) => state)).toEqual(Array(4).fill('applied'));
    expect(
      (await db.json<{ phase: number; step: number }[]>('migrate', 'status', '--steps')).map(
        ({ phase, step }) => ({ phase, step }),
      ),
    ).toEqual(all.map(({ phase, step }) => ({ phase, step })));
    expect((await place(LONG)).code).toBe(0);
    const { rows } = await db.query("SELECT target FROM audit_log WHERE command = 'migrate up' ORDER BY id");
    expect(rows.map(({ target }) => target)).toContain('phase 4 step 2');
  });

  it('is recorded up to that step by a baseline, and brought up to date from there', async () => {
    db = await open(4);
    await backToStep(db, 1);
    await db.query('DROP TABLE pinnacle_migrations');
    expect(await db.cli('migrate', 'baseline', '4')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('pinnacle_settings'),
    });
    expect((await db.cli('migrate', 'baseline', '4', '--step', '99')).code).toBe(2);
    expect(await db.json('migrate', 'baseline', '4', '--step', '1')).toMatchObject([
      { phase: 1, state: 'applied' },
      { phase: 2, state: 'applied' },
      { phase: 3, state: 'applied' },
      { phase: 4, state: 'partial' },
    ]);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
  });

  it('verifies, repairs and names each step by itself', async () => {
    db = await open(4);
    await db.query("UPDATE pinnacle_migrations SET down_sha256 = 'y' WHERE phase = 4 AND step = 2");
    const verified = await db.cli('migrate', 'verify', '--json');
    expect(JSON.parse(verified.stdout)).toMatchObject([
      { phase: 4, name: 'symbols_and_settings', part: 'down', recorded: 'y' },
    ]);
    expect(await db.cli('migrate', 'up')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('phase 4 step 2 symbols_and_settings differ'),
    });
    expect((await db.cli('migrate', 'repair', '--yes')).code).toBe(0);
    expect((await db.cli('migrate', 'verify')).code).toBe(0);
    const next = (await loadSteps()).length;
    await db.query(`INSERT INTO pinnacle_migrations VALUES (4, 'later', 'a', 'b', now(), 'me', 1, ${next})`);
    expect(await db.cli('migrate', 'up')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`phase 4 step ${next} later, which this version`),
    });
  });

  it('reverts every step of a phase, the last one first', async () => {
    db = await open(4);
    const { stderr } = await db.cli('migrate', 'down');
    expect(stderr).toMatch(
      /phase 4 step 2 symbols_and_settings reverted in .*\nphase 4 risk_advanced reverted in /,
    );
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
  });
});
