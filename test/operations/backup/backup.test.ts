import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { contents, expectHealthy, liveADay, nameOf, withoutSession } from './book.ts';

type Row = Record<string, unknown>;

describe.each(databases)('backups of $name', ({ name, openCold: open }) => {
  let db: TestDatabase;
  let file: string;
  let before: Record<string, unknown>;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-backup-'));
  beforeAll(async () => {
    db = await withoutSession(await open());
    db.env['PINNACLE_BACKUP_DIR'] = folder;
    await liveADay(db);
    before = await contents(db);
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('creates, lists, and proves one by restoring it where nobody sees it', async () => {
    const made = await db.json<Row>('backup', 'create');
    file = String(made['file']);
    const [listed] = await db.json<Row[]>('backup', 'list');
    expect(listed).toMatchObject({
      path: file,
      rows: made['rows'],
      phase: 4,
      encrypted: false,
      verified_at: null,
    });
    const deep = await db.cli('backup', 'verify', String(listed?.['name']), '--deep', '--json');
    expect({ code: deep.code, problems: JSON.parse(deep.stdout).problems, stderr: deep.stderr }).toEqual({
      code: 0,
      problems: [],
      stderr: '',
    });
    const [again] = await db.json<Row[]>('backup', 'list');
    expect(again).toMatchObject({ deep: true, verified_at: expect.any(String), problem: null });
    expect(await contents(db)).toEqual(before);
  });

  it('takes the place of the database only by its name, and keeps the one before', async () => {
    await db.query("UPDATE strategies SET name = 'changed since'");
    const changed = await contents(db);
    expect((await db.cli('backup', 'restore', file, '--yes')).code).toBe(4);
    if (db.name === 'server') {
      expect((await db.cli('backup', 'restore', file, '--confirm', 'other')).code).toBe(2);
      expect((await db.cli('backup', 'restore', file, '--dry-run')).code).toBe(0);
    }
    expect(await contents(db)).toEqual(changed);
    const { code, stdout, stderr } = await db.cli(
      'backup',
      'restore',
      file,
      '--confirm',
      nameOf(db),
      '--json',
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      kept: expect.stringContaining('before'),
      left_out: 0,
      phase: 4,
    });
    expect(await contents(db)).toEqual(before);
    await expectHealthy(db);
    expect((await db.query("SELECT target FROM audit_log WHERE command = 'backup restore'")).rows).toEqual([
      { target: 'database' },
    ]);
  });

  it.runIf(name === 'embedded')(
    'a folder whose change of places was cut off is found by whoever opens it',
    async () => {
      const dir = String(db.env['PINNACLE_DATA_DIR']);
      renameSync(dir, `${dir}.restored-20260101T000000`);
      expect((await db.query('SELECT strategy_id FROM strategies')).rows).toEqual([{ strategy_id: 's1' }]);
      const kept = readdirSync(dirname(dir)).filter((one) => one.startsWith(basename(dir)));
      expect(kept).toEqual([basename(dir), expect.stringMatching(/\.before-20\d{6}T\d{6}$/)]);
    },
  );
});
