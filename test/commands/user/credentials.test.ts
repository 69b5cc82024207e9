import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { userId } from '../../../src/domain/id.ts';
import { BROKER_COLUMNS, placeOf } from '../../../src/platform/secrets/broker-credentials.ts';
import { decrypt as openEnvelope } from '../../../src/platform/secrets/envelope.ts';
import { databases, type Phase, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing, ringIn } from '../../helpers/ring.ts';

const JWT = `canary.${'j'.repeat(910)}`;

describe.each(databases)('broker credentials on $name', ({ open }) => {
  let db: TestDatabase;
  let ringFile: string;
  let folder: string;
  beforeAll(async () => {
    db = await open();
    ringFile = await giveRing(db);
    await given.user(db);
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-credentials-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const set = (stdin: string | Buffer, field: string, ...more: string[]) =>
    db.cliWith(
      { stdin, cwd: folder },
      ...['user', 'credentials', 'set', 'trader_001', '--field', field, '--json', ...more],
    );
  const stored = async (field: string) =>
    String((await db.query(`SELECT ${field} AS v FROM users WHERE user_id = 'trader_001'`)).rows[0]?.['v']);
  const opened = async (field: (typeof BROKER_COLUMNS)[number]) =>
    openEnvelope(await ringIn(ringFile), placeOf(userId.parse('trader_001'), field), await stored(field));
  const errorOf = ({ stderr }: { stderr: string }) => JSON.parse(stderr.split('\n').at(-2) ?? '').error;

  it('are set from stdin or a file, sealed, and say nothing of themselves', async () => {
    const first = await set(`${JWT}\n`, 'broker_token', '--secret-stdin');
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('"length":917') });
    await writeFile(join(folder, 'secret'), 'canary with blanks \r\n', { mode: 0o600 });
    const second = await set('', 'broker_secret', '--from-file', 'secret');
    expect(second.code).toBe(0);
    expect(await opened('broker_token')).toEqual({ secret: JWT });
    expect(await opened('broker_secret')).toEqual({ secret: 'canary with blanks ' });
    const { active } = await ringIn(ringFile);
    expect(await db.audits('user credentials set')).toMatchObject([
      {
        target: 'user trader_001',
        body: {
          field: 'broker_token',
          key_id: active.id,
          length: 917,
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      },
      { body: { field: 'broker_secret', key_id: active.id } },
    ]);
    const said = JSON.stringify([first, second, await db.audits()]);
    expect(said).not.toContain('canary');
    expect(said).not.toContain('pne1.');
  });

  it('are shown masked, with key, length and age', async () => {
    const { code, stdout } = await db.cli('user', 'credentials', 'show', 'trader_001', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      [
        { field: 'broker_api_key', value: null, state: 'none', key_id: null, length: null, set_at: null },
        {
          field: 'broker_secret',
          value: '****',
          state: 'encrypted',
          key_id: expect.any(String),
          length: 19,
          set_at: expect.stringMatching(/Z$/),
        },
        expect.objectContaining({ field: 'broker_token', value: '****', length: 917 }),
        expect.objectContaining({ field: 'broker_totp', state: 'none' }),
      ],
    ]);
    expect(stdout).not.toContain('canary');
    expect(stdout).not.toContain('pne1.');
  });

  it('are proved to be readable, or named with what is wrong', async () => {
    const verify = () => db.cli('user', 'credentials', 'verify', 'trader_001', '--json');
    expect((await verify()).code).toBe(0);
    // What belongs in the one column is put into the other.
    const token = await stored('broker_token');
    await db.query("UPDATE users SET broker_api_key = $1 WHERE user_id = 'trader_001'", [token]);
    const { code, stdout } = await verify();
    expect(code).toBe(11);
    expect(JSON.parse(stdout)).toMatchObject([
      { field: 'broker_api_key', state: 'fail', code: 'SECRET_INTEGRITY' },
      { field: 'broker_secret', state: 'ok', code: null },
      { field: 'broker_token', state: 'ok', code: null },
    ]);
    expect(stdout).not.toContain('canary');
  });

  it('are cleared, one or all, once agreed to', async () => {
    const clear = (...more: string[]) =>
      db.cli('user', 'credentials', 'clear', 'trader_001', ...more, '--json');
    expect((await clear()).code).toBe(4);
    expect(JSON.parse((await clear('--field', 'broker_api_key', '--yes')).stdout)).toHaveLength(1);
    expect(JSON.parse((await clear('--yes')).stdout)).toHaveLength(2);
    const again = await clear('--yes');
    expect([again.code, JSON.parse(again.stdout)]).toEqual([0, []]);
    for (const field of BROKER_COLUMNS) expect(await stored(field)).toBe('');
    expect(await db.audits('user credentials clear')).toHaveLength(2);
  });

  it('are refused empty, with control characters, of other bytes than text, or too long', async () => {
    const refusals: [string | Buffer, string, string][] = [
      ['', 'USAGE', 'is empty'],
      ['\n', 'USAGE', 'is empty'],
      ['canary\ncanary\n', 'USAGE', 'control characters'],
      ['canary\0', 'USAGE', 'control characters'],
      ['canary\u001b[31m', 'USAGE', 'control characters'],
      ['canary'.repeat(1_500), 'SECRET_TOO_LONG', 'has 9000 bytes; its column holds 8192'],
      ['canary'.repeat(20_000), 'USAGE', 'larger than 64 KiB'],
      [Buffer.from([0x63, 0xff, 0xfe]), 'USAGE', 'is not text'],
    ];
    for (const [stdin, code, message] of refusals) {
      const result = await set(stdin, 'broker_secret', '--secret-stdin');
      expect([result.code, result.stdout]).toEqual([2, '']);
      expect(errorOf(result)).toMatchObject({ code, message: expect.stringContaining(message) });
      expect(result.stderr).not.toContain('canary');
    }
    expect(await stored('broker_secret')).toBe('');
  });

  it('are not read from a terminal as from a pipe, where they would be seen', async () => {
    const ask = ['user', 'credentials', 'set', 'trader_001', '--field', 'broker_secret', '--secret-stdin'];
    const { code, stderr } = await db.cliWith({ tty: true, stdin: 'canary\n' }, ...ask);
    expect([code, stderr.includes('would be visible')]).toEqual([2, true]);
  });

  it('come from exactly one source, and from no file that others can read', async () => {
    expect((await set('', 'broker_secret')).code).toBe(4);
    expect((await set('canary', 'broker_secret', '--secret-stdin', '--from-file', 'secret')).code).toBe(2);
    expect(errorOf(await set('', 'broker_secret', '--from-file', 'nowhere')).code).toBe('FILE_NOT_FOUND');
    await writeFile(join(folder, 'open'), 'canary', { mode: 0o600 });
    await symlink(join(folder, 'open'), join(folder, 'link'));
    expect(errorOf(await set('', 'broker_secret', '--from-file', 'link')).message).toContain('symbolic link');
    await chmod(join(folder, 'open'), 0o644);
    const open = await set('', 'broker_secret', '--from-file', 'open');
    expect([open.code, errorOf(open).code]).toEqual([11, 'SECRET_FILE_UNSAFE']);
  });

  it('are of traders that there are, and never on the command line', async () => {
    const nobody = ['user', 'credentials', 'set', 'nobody', '--field', 'broker_secret', '--secret-stdin'];
    expect((await db.cliWith({ stdin: 'canary\n' }, ...nobody)).code).toBe(3);
    expect((await db.cli('user', 'credentials', 'show', 'nobody')).code).toBe(3);
    const onArgv = await db.cli(
      'user',
      'credentials',
      'set',
      'trader_001',
      'canary',
      '--field',
      'broker_secret',
    );
    expect(onArgv.code).toBe(2);
    const asFlag = await set('', 'broker_secret', '--secret=canary');
    expect([asFlag.code, asFlag.stderr.includes('canary')]).toEqual([2, false]);
  });
});

describe.each(databases)('broker credentials before phase 4 on $name', ({ open }) => {
  it.each([1, 3] satisfies Phase[])(
    'of phase %i have room for 36 bytes, and say where there is more',
    async (phase) => {
      const db = await open(phase);
      try {
        await giveRing(db);
        await given.user(db);
        const set = (secret: string) =>
          db.cliWith(
            { stdin: secret },
            ...[
              'user',
              'credentials',
              'set',
              'trader_001',
              '--field',
              'broker_token',
              '--secret-stdin',
              '--json',
            ],
          );
        expect((await set('c'.repeat(36))).code).toBe(0);
        const { code, stderr } = await set(`canary${'€'.repeat(11)}`);
        expect(code).toBe(2);
        expect(JSON.parse(stderr.split('\n').at(-2) ?? '').error).toMatchObject({
          code: 'SECRET_TOO_LONG',
          message: 'The secret has 39 bytes; its column holds 36.',
          hint: expect.stringContaining('Phase 4'),
        });
        expect(stderr).not.toContain('canary');
        expect(await db.json('keys', 'verify')).toEqual([]);
      } finally {
        await db.close();
      }
    },
  );
});
