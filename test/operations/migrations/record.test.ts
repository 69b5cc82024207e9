import { afterEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

let db: TestDatabase;
afterEach(() => db?.close());

describe.each(databases)('the record of the rollout on the $name database', ({ open }) => {
  it('is verified against the scripts, and repaired after a review', async () => {
    db = await open(3);
    expect(await db.cli('migrate', 'verify')).toMatchObject({ code: 0, stdout: '' });
    expect(await db.cli('migrate', 'repair')).toMatchObject({ code: 0, stdout: '' });

    await db.query("UPDATE pinnacle_migrations SET up_sha256 = 'x' WHERE phase = 1");
    await db.query("UPDATE pinnacle_migrations SET down_sha256 = 'y', name = 'z' WHERE phase = 2");
    const verified = await db.cli('migrate', 'verify', '--json');
    expect(verified.code).toBe(6);
    const changes = JSON.parse(verified.stdout);
    expect(changes).toMatchObject([
      { phase: 1, part: 'up', recorded: 'x' },
      { phase: 2, part: 'name', recorded: 'z', actual: 'positions_strategies' },
      { phase: 2, part: 'down', recorded: 'y' },
    ]);
    const status = await db.json<{ state: string }[]>('migrate', 'status');
    expect(status.map(({ state }) => state)).toEqual(['changed', 'changed', 'applied', 'pending']);

    await db.refused('migrate repair', { code: 4 });
    expect((await db.cli('migrate', 'repair', '--yes', '--dry-run')).code).toBe(0);
    expect((await db.cli('migrate', 'verify')).code).toBe(6);
    expect(await db.json('migrate', 'repair', '--yes')).toEqual(changes);
    expect((await db.cli('migrate', 'verify')).code).toBe(0);
    const audits = await db.audits('migrate repair');
    expect(audits.map(({ target }) => target)).toEqual(['phase 1', 'phase 2']);
  });

  it('names a phase that this version has no scripts for', async () => {
    db = await open(4);
    await db.query("INSERT INTO pinnacle_migrations VALUES (5, 'later', 'a', 'b', now(), 'me', 1)");
    const { code, stdout } = await db.cli('migrate', 'verify', '--json');
    expect({ code, rows: JSON.parse(stdout) }).toMatchObject({
      code: 6,
      rows: [{ phase: 5, part: 'folder', recorded: '5_later', actual: null }],
    });
    await db.refused('migrate down --yes', { code: 5 });
  });

  it('is taken up from a database that has the tables already', async () => {
    db = await open(2);
    await db.refused('migrate baseline 2', { code: 5 });
    await db.query('DROP TABLE pinnacle_migrations');
    await db.refused('migrate baseline 3', { code: 5, stderr: 'notifications, trading_sessions' });
    expect((await db.cli('migrate', 'baseline', '2', '--dry-run')).code).toBe(0);
    expect(await db.json('migrate', 'baseline', '2')).toMatchObject([
      { phase: 1, state: 'applied', duration_ms: 0 },
      { phase: 2, state: 'applied', duration_ms: 0 },
    ]);
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    await db.refused('migrate baseline 9', { code: 2 });
  });
});
