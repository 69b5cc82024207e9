import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArchive } from '../../../src/operations/backup/archive.ts';
import { backupKey } from '../../../src/operations/backup/cipher.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { liveADay, withoutSession } from './book.ts';
import { forge, rowsOf, takeApart, withRows } from './forge.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-damage-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(databases)('a damaged backup of $name', ({ open }) => {
  let db: TestDatabase;
  const key = randomBytes(32);
  const files = { plain: path('plain.pinbackup'), encrypted: path('encrypted.pinbackup') };
  beforeAll(async () => {
    db = await withoutSession(await open());
    await liveADay(db);
    writeFileSync(path('key'), `${key.toString('base64')}\n`, { mode: 0o600 });
    writeFileSync(path('other'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    db.env['PINNACLE_BACKUP_KEY_FILE'] = path('key');
    db.env['PINNACLE_BACKUP_DIR'] = folder;
    await db.json('backup', 'create', '--output', files.plain);
    await db.json('backup', 'create', '--output', files.encrypted, '--encrypt');
  });
  afterAll(() => db.close());

  /** What verify says of a file, and the restore of it, which changes nothing. */
  const judge = async (file: string, env: Record<string, string> = {}) => {
    const verified = await db.cliWith({ env }, 'backup', 'verify', file, '--json');
    const restored = await db.cliWith({ env }, 'backup', 'restore', file, '--dry-run', '--trust', '--json');
    const { problems } = JSON.parse(verified.stdout);
    return {
      verify: verified.code,
      problem: problems[0]?.problem,
      detail: problems[0]?.detail,
      restore: restored.code,
      error:
        restored.code === 0
          ? undefined
          : JSON.parse(restored.stderr.slice(restored.stderr.indexOf('{"error'))).error,
    };
  };
  const changed = (of: keyof typeof files, change: (bytes: Buffer) => void) => {
    const file = path(`changed-${randomBytes(4).toString('hex')}.pinbackup`);
    const bytes = readFileSync(files[of]);
    change(bytes);
    writeFileSync(file, bytes);
    return file;
  };

  it('is as good as whole where nothing is wrong', async () => {
    expect((await db.cli('backup', 'verify', files.plain)).code).toBe(0);
    expect((await db.cli('backup', 'verify', files.encrypted)).code).toBe(0);
    // The first line names columns, of which nothing is secret; the rows behind it are compressed or encrypted.
    for (const [of, isGzip] of [
      ['plain', true],
      ['encrypted', false],
    ] as const) {
      const { firstLine } = await openArchive(files[of]);
      const magic = readFileSync(files[of]).subarray(firstLine.length, firstLine.length + 2);
      expect([of, magic.equals(Buffer.from([0x1f, 0x8b]))]).toEqual([of, isGzip]);
    }
    expect(statSync(files.plain).mode & 0o777).toBe(0o600);
  });

  it.each(['plain', 'encrypted'] as const)('%s: any byte that was flipped is found', async (of) => {
    const { size } = statSync(files[of]);
    const { firstLine, bytes } = await openArchive(files[of]);
    const body = firstLine.length;
    // Of the first line, the data and what follows them; of the frame around them every part.
    const places = [30, body - 3, body, body + 20, body + bytes / 2, body + bytes - 1];
    places.push(body + bytes, body + bytes + 12, size - 80, size - 31, size - 25, size - 1);
    for (const place of places) {
      const file = changed(of, (bytes) => {
        bytes[Math.floor(place)] = (bytes[Math.floor(place)] ?? 0) ^ 1;
      });
      const { code, stdout } = await db.cli('backup', 'verify', file, '--json');
      expect({ place, code, problems: JSON.parse(stdout).problems.length }).toEqual({
        place,
        code: 6,
        problems: 1,
      });
    }
  });

  it.each(['plain', 'encrypted'] as const)(
    '%s: a flipped byte of the data is named, and nothing restored',
    async (of) => {
      const archive = await openArchive(files[of]);
      const file = changed(of, (bytes) => {
        const place = archive.firstLine.length + Math.floor(archive.bytes / 2);
        bytes[place] = (bytes[place] ?? 0) ^ 0x10;
      });
      expect(await judge(file)).toMatchObject({
        verify: 6,
        problem: 'altered',
        restore: 11,
        error: { code: 'BACKUP_DAMAGED' },
      });
    },
  );

  it.each(['plain', 'encrypted'] as const)('%s: a cut tail is named', async (of) => {
    for (const share of [0.99, 0.5]) {
      const file = path(`cut-${of}-${share}.pinbackup`);
      copyFileSync(files[of], file);
      truncateSync(file, Math.floor(statSync(file).size * share));
      expect(await judge(file)).toMatchObject({ verify: 6, problem: 'cut', restore: 11 });
    }
    const listed = await db.json<Record<string, unknown>[]>('backup', 'list');
    expect(listed.find(({ name }) => name === `cut-${of}-0.5.pinbackup`)).toMatchObject({
      problem: 'cut',
      rows: null,
    });
  });

  it('a missing table is named, and one that lacks a row', async () => {
    const parts = takeApart(files.plain);
    const { at, rows } = rowsOf(parts, 'orders');
    const text = rows.toString();
    const lines = text.split('\n').length - 1;
    const emptied = withRows(parts, 'orders', '');
    const without = <T>(all: T[]) => all.filter((_each, i) => i !== at);
    const versions = {
      'missing table': {
        header: { ...parts.header, tables: without(parts.header.tables) },
        data: emptied.data,
        trailer: { ...parts.trailer, tables: without(parts.trailer.tables) },
      },
      'rows differ': withRows(parts, 'orders', text.slice(text.indexOf('\n') + 1), lines),
    };
    for (const [problem, version] of Object.entries(versions)) {
      const file = forge(path(`${problem}.pinbackup`), version);
      const judged = await judge(file, { PINNACLE_BACKUP_KEY_FILE: '' });
      expect(judged).toMatchObject({
        restore: 11,
        error: { message: expect.stringContaining('table orders') },
      });
      const deep = ['backup', 'verify', file, '--deep', '--trust', '--json'];
      const { stdout } = await db.cliWith({ env: { PINNACLE_BACKUP_KEY_FILE: '' } }, ...deep);
      expect(JSON.parse(stdout).problems).toEqual([
        { problem, detail: expect.stringContaining('table orders') },
      ]);
    }
  });

  it('another key is named by verify, and refused by restore; with several any will do', async () => {
    const { id } = backupKey(key);
    const judged = await judge(files.encrypted, { PINNACLE_BACKUP_KEY_FILE: path('other') });
    expect(judged).toMatchObject({
      verify: 6,
      problem: 'key',
      restore: 11,
      error: { code: 'BACKUP_KEY_UNKNOWN' },
    });
    expect(judged.detail).toContain(id);
    writeFileSync(path('both'), readFileSync(path('other'), 'utf8') + readFileSync(path('key'), 'utf8'), {
      mode: 0o600,
    });
    expect(await judge(files.encrypted, { PINNACLE_BACKUP_KEY_FILE: path('both') })).toMatchObject({
      verify: 0,
    });
  });

  it('what is no backup, or not there, is said', async () => {
    writeFileSync(path('text.pinbackup'), 'hello\n');
    expect(await judge(path('text.pinbackup'))).toMatchObject({
      verify: 6,
      problem: 'not a backup',
      restore: 11,
    });
    expect((await db.cli('backup', 'verify', path('nothing'))).code).toBe(3);
  });

  it('an encrypted one needs a key of 32 bytes that nobody else can read', async () => {
    const make = (env: Record<string, string>) =>
      db.cliWith({ env }, 'backup', 'create', '--encrypt', '--json');
    expect((await make({ PINNACLE_BACKUP_KEY_FILE: '' })).stderr).toContain('NO_BACKUP_KEY');
    expect((await make({ PINNACLE_BACKUP_KEY_FILE: path('nowhere') })).stderr).toContain(
      'BACKUP_KEY_MISSING',
    );
    writeFileSync(path('short'), 'c2hvcnQ=\n', { mode: 0o600 });
    expect((await make({ PINNACLE_BACKUP_KEY_FILE: path('short') })).stderr).toContain('BACKUP_KEY_INVALID');
    writeFileSync(path('open'), readFileSync(path('key')), { mode: 0o644 });
    expect((await make({ PINNACLE_BACKUP_KEY_FILE: path('open') })).stderr).toContain('SECRET_FILE_UNSAFE');
  });
});
