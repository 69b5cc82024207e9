import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instant } from '../../../src/domain/instant.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-backups-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(databases)('the folder of backups of $name', ({ open }) => {
  let db: TestDatabase;
  const days = [1, 2, 3, 4, 5];
  const day = (n: number) => new Date(Date.UTC(2026, 0, n, 3));
  const names = () => readdirSync(folder).sort();
  beforeAll(async () => {
    db = await open();
    db.env['PINNACLE_BACKUP_DIR'] = folder;
  });
  afterAll(() => db.close());

  it('has none to begin with', async () => {
    expect(await db.json('backup', 'list')).toEqual([]);
    expect((await db.cli('backup', 'status', '--max-age', '26h', '--json')).code).toBe(6);
    const env = { PINNACLE_BACKUP_DIR: join(folder, 'nowhere') };
    expect((await db.cliWith({ env }, 'backup', 'status', '--max-age', '26h')).code).toBe(6);
  });

  it('lists the newest first', async () => {
    for (const n of days) expect((await db.cliWith({ now: day(n) }, 'backup', 'create')).code).toBe(0);
    const listed = await db.json<{ created_at: string; name: string }[]>('backup', 'list');
    expect(listed.map(({ created_at }) => created_at)).toEqual(
      [...days].reverse().map((n) => instant(day(n))),
    );
    expect(names()).toEqual(listed.map(({ name }) => name).sort());
  });

  it('is new enough, or not', async () => {
    const at = (hours: number) => ({ now: new Date(day(5).getTime() + hours * 3_600_000) });
    expect((await db.cliWith(at(25), 'backup', 'status', '--max-age', '26h')).code).toBe(0);
    const late = await db.cliWith(at(27), 'backup', 'status', '--max-age', '26h');
    expect(late.code).toBe(6);
    expect(late.stderr).toContain('27 h old');
  });

  it('a backup in which something was found counts for nothing', async () => {
    const newest = async () =>
      (
        await db.json<{ path: string; bytes: number; created_at: string }[]>(
          'backup',
          'status',
          '--max-age',
          '9999d',
        )
      )[0];
    const last = await newest();
    truncateSync(String(last?.path), Number(last?.bytes) - 40);
    expect((await newest())?.created_at).toBe(instant(day(4)));
  });

  it('names what is no regular file, and waits for none of it', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe.pinbackup')]);
    symlinkSync(join(folder, 'pipe.pinbackup'), join(folder, 'link.pinbackup'));
    mkdirSync(join(folder, 'folder.pinbackup'));
    const [newest] = await db.json<{ path: string; name: string }[]>(
      'backup',
      'status',
      '--max-age',
      '9999d',
    );
    execFileSync('mkfifo', [`${newest?.path}.verified`]);
    const listed = await db.json<{ name: string; problem: string | null }[]>('backup', 'list');
    expect(listed.filter(({ problem }) => problem === 'not a file').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['pipe.pinbackup', 'link.pinbackup', 'folder.pinbackup']),
    );
    expect(listed.find(({ name }) => name === newest?.name)).toMatchObject({
      verified_at: null,
      problem: null,
    });
    for (const name of ['pipe', 'link', 'folder']) {
      const argv = ['backup', 'restore', join(folder, `${name}.pinbackup`), '--dry-run', '--json'];
      expect((await db.cli(...argv)).stderr).toContain('BACKUP_DAMAGED');
    }
    expect((await db.cli('doctor', '--check', 'backup')).code).toBe(0);
    expect((await db.cli('backup', 'prune', '--keep', '9', '--yes')).code).toBe(0);
    for (const name of ['pipe.pinbackup', 'link.pinbackup', 'folder.pinbackup', `${newest?.name}.verified`])
      rmSync(join(folder, name), { recursive: true });
  });

  it('prunes the oldest, but neither the last verified one nor one with a problem', async () => {
    const second = (await db.json<{ name: string; created_at: string }[]>('backup', 'list')).find(
      ({ created_at }) => created_at === instant(day(2)),
    );
    expect((await db.cli('backup', 'verify', String(second?.name))).code).toBe(0);
    expect((await db.cli('backup', 'prune', '--keep', '1')).code).toBe(4);
    expect((await db.cli('backup', 'prune', '--keep', '1', '--dry-run')).code).toBe(0);
    expect(names()).toHaveLength(6);
    const gone = await db.json<{ created_at: string }[]>('backup', 'prune', '--keep', '1', '--yes');
    expect(gone.map(({ created_at }) => created_at)).toEqual([day(3), day(1)].map(instant));
    const left = await db.json<{ problem: string | null }[]>('backup', 'list');
    expect(left.map(({ problem }) => problem)).toEqual([null, null, 'cut']);
    // What was left half written goes after a day.
    const drafts = [3, 4].map((n) =>
      join(folder, `x.pinbackup.${String(n).repeat(8)}-0000-4000-8000-000000000000`),
    );
    for (const [i, draft] of drafts.entries()) {
      writeFileSync(draft, '');
      utimesSync(draft, day(3 + i), day(3 + i));
    }
    const now = new Date(day(4).getTime() + 3_600_000);
    expect((await db.cliWith({ now }, 'backup', 'prune', '--keep', '1', '--yes')).code).toBe(0);
    expect(drafts.map((draft) => existsSync(draft))).toEqual([false, true]);
  });
});
