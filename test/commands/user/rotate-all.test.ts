import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('keys of everyone on $name', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-keys-'));
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['u1', 'u2', 'gone']) await given.user(db, user);
    await db.json(...words('user disable gone'));
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const rotate = (flags: string) =>
    db.cliWith({ cwd: folder }, ...words(`user rotate-key --all ${flags} --json`));
  const keyOf = (place: string, user: string) =>
    readFileSync(join(folder, place, `${user}.key`), 'utf8').trim();
  const holderOf = async (key: string) => {
    const { code, stdout } = await db.cliWith({ stdin: key }, ...words('user verify-key --json user_id,via'));
    return code === 0 ? (JSON.parse(stdout) as Row) : code;
  };
  const hashes = async () => (await db.query('SELECT user_id, api_key FROM users ORDER BY 1')).rows;

  it('go to a file each that only its owner can read, and nowhere else', async () => {
    const planned = await rotate('--to first --dry-run');
    expect(planned.code).toBe(0);
    expect(readdirSync(folder)).toEqual([]);
    const { code, stdout, stderr } = await rotate('--to first --grace 1h');
    expect({ code, rows: JSON.parse(stdout) }).toMatchObject({
      code: 0,
      rows: [
        { user_id: 'u1', api_key: null, output_file: join(folder, 'first', 'u1.key'), grace_ended: 0 },
        { user_id: 'u2', api_key: null },
      ],
    });
    expect(readdirSync(join(folder, 'first')).sort()).toEqual(['u1.key', 'u2.key']);
    for (const user of ['u1', 'u2']) {
      expect(statSync(join(folder, 'first', `${user}.key`)).mode & 0o777).toBe(0o600);
      const key = keyOf('first', user);
      expect(await holderOf(key)).toEqual({ user_id: user, via: 'current' });
      expect(stdout + stderr).not.toContain(key);
    }
    expect(statSync(join(folder, 'first')).mode & 0o777).toBe(0o700);
    expect((await db.audits('user rotate-key')).map(({ target }) => target)).toEqual([
      'user u1',
      'user u2',
      'users',
    ]);
    expect(JSON.stringify(await db.audits())).not.toContain(keyOf('first', 'u1'));
  });

  it('stay where they are in force already, and are replaced elsewhere', async () => {
    const before = await hashes();
    const again = await rotate('--to first');
    expect({ code: again.code, rows: JSON.parse(again.stdout).length }).toEqual({ code: 0, rows: 2 });
    expect(again.stderr).toContain('2 users have the key in force in a file there already');
    expect(await hashes()).toEqual(before);
    const old = keyOf('first', 'u1');
    expect((await rotate('--to second --grace 1h')).code).toBe(0);
    expect(await holderOf(old)).toMatchObject({ user_id: 'u1', via: 'grace' });
    expect((await rotate('--to third')).code).toBe(0);
    expect(await holderOf(old)).toBe(3);
    expect(await holderOf(keyOf('third', 'u1'))).toMatchObject({ user_id: 'u1' });
  });

  it('never replace a file with another key', async () => {
    const before = await hashes();
    const kept = keyOf('first', 'u2');
    await db.refused(
      words('user rotate-key --all --to first'),
      { code: 5, error: 'FILE_EXISTS', stderr: 'of u1, u2' },
      { cwd: folder },
    );
    expect([await hashes(), keyOf('first', 'u2')]).toEqual([before, kept]);
    writeFileSync(join(folder, 'first', 'u1.key'), 'x');
    chmodSync(join(folder, 'first', 'u1.key'), 0o644);
    await db.refused(
      words('user rotate-key --all --to first'),
      { code: 11, error: 'SECRET_FILE_UNSAFE' },
      { cwd: folder },
    );
    for (const line of ['--all', '--to x', 'u1 --all --to x', '--all --to x --output-file y', 'u1 --to x'])
      await db.refused(`user rotate-key ${line}`, { code: 2 });
  });

  it('are found by the next run where one was interrupted, before its commit or after it', async () => {
    await rotate('--to fourth');
    const place = join(folder, 'fourth');
    const inForce = keyOf('fourth', 'u1');
    // As it stands between the commit and the names of the files, and before the commit.
    writeFileSync(join(place, 'u1.key.0123456789abcdef.new'), `${inForce}\n`, { mode: 0o600 });
    rmSync(join(place, 'u1.key'));
    writeFileSync(join(place, 'u2.key.0123456789abcdef.new'), 'pin_live_never\n', { mode: 0o600 });
    rmSync(join(place, 'u2.key'));
    expect((await rotate('--to fourth')).code).toBe(0);
    expect(keyOf('fourth', 'u1')).toBe(inForce);
    expect(await holderOf(keyOf('fourth', 'u2'))).toEqual({ user_id: 'u2', via: 'current' });
    expect(readdirSync(place).sort()).toEqual(['u1.key', 'u2.key']);
  });

  it('are each in a file though two give them out to one folder at once', async () => {
    for (let round = 0; round < 4; round++) {
      const place = `both${round}`;
      const ended = await Promise.all(Array.from({ length: 3 }, () => rotate(`--to ${place}`)));
      expect(ended.map(({ code }) => [0, 10].includes(code))).toEqual([true, true, true]);
      expect((await rotate(`--to ${place}`)).code).toBe(0);
      expect(readdirSync(join(folder, place)).sort()).toEqual(['u1.key', 'u2.key']);
      for (const user of ['u1', 'u2'])
        expect(await holderOf(keyOf(place, user))).toEqual({ user_id: user, via: 'current' });
    }
  });

  it('go to no folder where others may remove them', async () => {
    const before = await hashes();
    mkdirSync(join(folder, 'open'));
    chmodSync(join(folder, 'open'), 0o777);
    await db.refused(
      words('user rotate-key --all --to open'),
      { code: 11, error: 'SECRET_FILE_UNSAFE', stderr: 'chmod go-w' },
      { cwd: folder },
    );
    expect([await hashes(), readdirSync(join(folder, 'open'))]).toEqual([before, []]);
  });

  it('stay within the folder, whatever another program wrote as an id', async () => {
    await db.query("UPDATE users SET user_id = '../evil', enabled = true WHERE user_id = 'gone'");
    const before = readdirSync(folder);
    expect((await rotate('--to fifth')).code).toBe(0);
    expect(readdirSync(folder).sort()).toEqual([...before, 'fifth'].sort());
    expect(readdirSync(join(folder, 'fifth')).sort()).toEqual(['..%2Fevil.key', 'u1.key', 'u2.key']);
    expect(await holderOf(readFileSync(join(folder, 'fifth', '..%2Fevil.key'), 'utf8').trim())).toMatchObject(
      { via: 'current' },
    );
  });
});
