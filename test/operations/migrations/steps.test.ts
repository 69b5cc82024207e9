import { afterEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { backToSingleScripts } from '../../helpers/steps.ts';

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
