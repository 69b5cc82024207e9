import { chmod, chown, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { formatRing, generateKey } from '../../../src/platform/secrets/key-ring.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';

const key = generateKey(new Date(), undefined);
const RING = formatRing({ keys: new Map([[key.id, key]]), active: key });
const SET = [
  'user',
  'credentials',
  'set',
  'trader_001',
  '--field',
  'broker_secret',
  '--secret-stdin',
  '--json',
];

// Where a ring comes from has nothing to do with the database.
describe.each(databases)('a key ring', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let path: string;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-ring-'));
    path = join(folder, 'keyring.json');
    await writeFile(path, RING, { mode: 0o600 });
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Sets a credential with the ring of an environment or configuration; gives how it ended. */
  async function setWith(env: Record<string, string>, config?: unknown) {
    const file = join(folder, 'pinnacle.config.json');
    if (config !== undefined) await writeFile(file, JSON.stringify(config), { mode: 0o600 });
    const { code, stdout, stderr } = await db.cliWith({ env, cwd: folder, stdin: 'canary-value\n' }, ...SET);
    expect(stdout + stderr).not.toContain('canary');
    expect(stdout + stderr).not.toContain(key.key.toString('base64'));
    return {
      code,
      stdout,
      error: code === 0 ? undefined : JSON.parse(stderr.split('\n').at(-2) ?? '').error,
    };
  }
  const fromFile = (file = path) => setWith({ PINNACLE_KEYRING_FILE: file });

  it('is read from a file, named in the environment or in the configuration beside it', async () => {
    expect(JSON.parse((await fromFile()).stdout)).toMatchObject({ key_id: key.id });
    expect((await setWith({}, { keyring: { file: 'keyring.json' } })).code).toBe(0);
  });

  it.each([0o640, 0o604, 0o620, 0o601, 0o644])('that others can reach (%o) is refused', async (mode) => {
    await chmod(path, mode);
    expect((await fromFile()).error).toMatchObject({
      code: 'SECRET_FILE_UNSAFE',
      message: `The key ring ${path} is open to others.`,
      hint: `Run: chmod 600 ${path}`,
    });
  });

  it('that is a symbolic link, a folder or a named pipe is refused', async () => {
    const link = join(folder, 'link');
    await symlink(path, link);
    expect((await fromFile(link)).error.message).toBe(`The key ring ${link} is a symbolic link.`);
    await chmod(folder, 0o700);
    expect((await fromFile(folder)).error.message).toContain('is a folder');
    expect((await fromFile('/dev/null')).error.message).toContain('is no regular file');
  });

  it.skipIf(process.getuid?.() !== 0)('of another user is refused', async () => {
    await chown(path, 12_345, 12_345);
    expect((await fromFile()).error).toMatchObject({
      code: 'SECRET_FILE_UNSAFE',
      message: `The key ring ${path} belongs to another user.`,
    });
  });

  it.each([
    ['', 'must be valid JSON'],
    ['{"version":1,"active":"canary"', 'must be valid JSON'],
    [JSON.stringify({ canary: 1 }), 'is not a key ring'],
    [RING.replaceAll(key.id, '00000000'), 'whose id does not match its bytes'],
  ])('that is torn or altered is refused without a word of it', async (text, message) => {
    await writeFile(path, text);
    const { code, error } = await fromFile();
    expect([code, error.code]).toEqual([11, 'KEYRING_INVALID']);
    expect(error.message).toContain(message);
  });

  it('that is not there is exit 11, none at all and several are exit 78', async () => {
    expect(await fromFile(join(folder, 'nowhere'))).toMatchObject({
      code: 11,
      error: { code: 'KEYRING_MISSING' },
    });
    expect(await setWith({})).toMatchObject({ code: 78, error: { code: 'NO_KEYRING' } });
    const several = await setWith({ PINNACLE_KEYRING_FILE: path, PINNACLE_KEYRING: RING });
    expect(several).toMatchObject({ code: 78, error: { code: 'CONFIG_INVALID' } });
  });

  it('comes from the environment', async () => {
    expect(JSON.parse((await setWith({ PINNACLE_KEYRING: RING })).stdout)).toMatchObject({ key_id: key.id });
    const shown = await db.cliWith({ env: { PINNACLE_KEYRING: RING } }, 'config', 'show', '--origin');
    expect(shown.code).toBe(0);
    expect(shown.stdout).not.toContain(key.key.toString('base64'));
  });

  /** Sets a credential with a command from a configuration that is named. */
  const command = (...words: string[]) =>
    setWith({ PINNACLE_CONFIG: join(folder, 'pinnacle.config.json') }, { keyring: { command: words } });

  it('comes from no command of a configuration that is found in the current folder', async () => {
    const { code, error } = await setWith({}, { keyring: { command: ['cat', path] } });
    expect([code, error.code]).toEqual([78, 'CONFIG_UNTRUSTED']);
    expect(error.hint).toContain('--config');
  });

  it('comes from a command that gets no secret of ours', async () => {
    const secrets = { PINNACLE_OTHER: 'canary', PGPASSWORD: 'canary', NODE_OPTIONS: '' };
    const file = join(folder, 'pinnacle.config.json');
    const words = [
      'sh',
      '-c',
      `test -z "$DATABASE_URL$PINNACLE_CONFIG$PINNACLE_OTHER$PGPASSWORD" && cat ${path}`,
    ];
    expect((await setWith({ ...secrets, PINNACLE_CONFIG: file }, { keyring: { command: words } })).code).toBe(
      0,
    );
  });

  it('comes from a command, which no shell sees', async () => {
    expect((await command('cat', path)).code).toBe(0);
    // A shell would take this for cat and another command.
    expect((await command('cat', `${path}; echo`)).error).toMatchObject({ code: 'KEYRING_COMMAND_FAILED' });
    const failing = await command('sh', '-c', 'echo canary; echo canary >&2; exit 3');
    expect([failing.code, failing.error.message]).toEqual([11, 'The key ring command sh failed (3).']);
    expect((await command('echo', 'canary')).error.code).toBe('KEYRING_INVALID');
    expect((await command('no-such-program-anywhere')).error.message).toContain('failed (ENOENT)');
    expect((await command('sh', '-c', 'yes canary')).error.code).toBe('KEYRING_COMMAND_FAILED');
  });

  it.each([[[]], ['cat ring'], [[1]], [['']], [{ $env: 'A' }]])(
    'comes from no command %j',
    async (command) => {
      expect(await setWith({}, { keyring: { command } })).toMatchObject({ code: 78 });
    },
  );

  it('from a command or the environment is not written', async () => {
    const { code, stderr } = await db.cliWith(
      { env: { PINNACLE_KEYRING: RING } },
      'keys',
      'generate',
      '--json',
    );
    expect([code, JSON.parse(stderr.split('\n').at(-2) ?? '').error.code]).toEqual([5, 'KEYRING_READ_ONLY']);
  });

  it('is not touched by a dry run, and leaves no draft or lock behind', async () => {
    const env = { PINNACLE_KEYRING_FILE: path };
    expect((await db.cliWith({ env }, 'keys', 'generate', '--dry-run')).code).toBe(0);
    expect(await readFile(path, 'utf8')).toBe(RING);
    expect((await db.cliWith({ env }, 'keys', 'generate')).code).toBe(0);
    expect(await readdir(folder)).toEqual(['keyring.json']);
  });

  it('that is broken stops no command that needs no secret', async () => {
    await writeFile(path, 'broken');
    await chmod(path, 0o666);
    const env = { PINNACLE_KEYRING_FILE: path };
    for (const line of ['order list', 'user list', 'user credentials show trader_001', 'risk status'])
      expect([line, (await db.cliWith({ env }, ...line.split(' '))).code]).toEqual([line, 0]);
    expect((await db.cliWith({ env }, 'keys', 'status')).code).toBe(11);
  });
});
