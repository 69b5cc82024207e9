import { chmod, chown, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigSource } from '../../../src/platform/config/file.ts';
import { loadConfig } from '../../../src/platform/config/load.ts';
import { maskSecrets } from '../../../src/platform/config/settings.ts';
import type { Failure } from '../../../src/util/failure.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'pinnacle-config-'));
});
afterEach(() => rm(cwd, { recursive: true }));

const source = (env: ConfigSource['env'] = {}, more: Partial<ConfigSource> = {}): ConfigSource => ({
  env,
  cwd,
  home: join(cwd, 'home'),
  ...more,
});

async function write(content: unknown, mode = 0o600, name = 'pinnacle.config.json'): Promise<string> {
  const path = join(cwd, name);
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  await chmod(path, mode);
  return path;
}

/** The complaint of a configuration that must be refused with exit 78. */
async function complaint(given: ConfigSource = source()): Promise<string> {
  const error = await loadConfig(given).then(
    () => expect.fail('the configuration was accepted'),
    (thrown: Failure) => thrown,
  );
  expect([error.exit, error.code]).toEqual([78, 'CONFIG_INVALID']);
  return error.message;
}

describe('a file that is found, not named,', () => {
  const uid = process.getuid?.() ?? 0;
  const refused = async (given: Partial<ConfigSource>) => {
    const error = await loadConfig(source({}, given)).then(
      () => expect.fail('the configuration was read'),
      (thrown: Failure) => thrown,
    );
    expect([error.exit, error.code]).toEqual([78, 'CONFIG_UNTRUSTED']);
    return error.message;
  };

  it('is refused unread where it, or its folder, can be written by others', async () => {
    const path = await write('not even JSON', 0o666);
    expect(await refused({ uid })).toContain(`${path} can be written by other users`);
    await chmod(path, 0o620);
    expect(await refused({ uid })).toContain(`${path} can be written by other users`);
    await chmod(path, 0o600);
    await chmod(cwd, 0o777);
    expect(await refused({ uid })).toContain(`${cwd} can be written by other users`);
  });

  it("is refused where it is neither the user's own nor root's", async () => {
    const path = await write({ poolSize: 7 });
    // As seen by another user; root's files are accepted by everyone.
    if (uid === 0) expect(await loadConfig(source({}, { uid: 1 }))).toMatchObject({ poolSize: 7 });
    else expect(await refused({ uid: uid + 1 })).toContain(`${path} belongs to another user`);
    if (uid !== 0) return;
    await chown(path, 1, 1);
    expect(await refused({ uid: 2 })).toContain(`${path} belongs to another user`);
  });

  it('is read where it is named', async () => {
    const file = await write({ poolSize: 7 }, 0o666);
    expect(await loadConfig(source({}, { uid, file }))).toMatchObject({ poolSize: 7, fileIsNamed: true });
    const env = { PINNACLE_CONFIG: file };
    expect(await loadConfig(source(env, { uid }))).toMatchObject({ poolSize: 7, fileIsNamed: true });
  });
});

describe('precedence', () => {
  it('is flag, environment, profile, file, default', async () => {
    const path = await write({ timeout: '1s', profiles: { prod: { timeout: '2s' } } });
    const timeouts = [
      await loadConfig(source({ PINNACLE_TIMEOUT: '3s' }, { profile: 'prod', timeout: '4s' })),
      await loadConfig(source({ PINNACLE_TIMEOUT: '3s', PINNACLE_PROFILE: 'prod' })),
      await loadConfig(source({ PINNACLE_PROFILE: 'prod' })),
      await loadConfig(source()),
    ];
    expect(timeouts.map(({ timeoutMs, resolved }) => [timeoutMs, resolved.timeout.origin])).toEqual([
      [4_000, 'flag --timeout'],
      [3_000, 'environment PINNACLE_TIMEOUT'],
      [2_000, `profile prod in ${path}`],
      [1_000, path],
    ]);
    expect((await loadConfig(source())).resolved.poolSize).toEqual({
      value: 4,
      written: 4,
      origin: 'default',
    });
  });

  it('puts a profile named by --profile before the environment', async () => {
    const path = await write({ profiles: { prod: { timeout: '2s' } } });
    const { timeoutMs, resolved } = await loadConfig(source({ PINNACLE_TIMEOUT: '3s' }, { profile: 'prod' }));
    expect([timeoutMs, resolved.timeout.origin]).toEqual([2_000, `profile prod in ${path}`]);
  });

  it.each([
    [{}, { profile: 'prod' }, 'postgres://prod/d', 'prod', true],
    [{ DATABASE_URL: 'postgres://dev/d' }, { profile: 'prod' }, 'postgres://prod/d', 'prod', true],
    [{ DATABASE_URL: 'postgres://dev/d', PINNACLE_PROFILE: 'prod' }, {}, 'postgres://dev/d', undefined, true],
    [{ DATABASE_URL: 'postgres://prod/d', PINNACLE_PROFILE: 'prod' }, {}, 'postgres://prod/d', 'prod', false],
    [{ DATABASE_URL: 'postgres://dev/d', PINNACLE_PROFILE: 'bare' }, {}, 'postgres://dev/d', 'bare', false],
  ])('takes database and name from one source: %j %j', async (env, given, database, profile, differs) => {
    await write({ profiles: { prod: { database: 'postgres://prod/d', protected: true }, bare: {} } });
    const config = await loadConfig(source(env as Record<string, string>, given));
    expect([config.database, config.profile]).toEqual([database, profile]);
    // Without the environment there is no choice.
    expect(config.choice !== undefined).toBe(differs && 'DATABASE_URL' in env);
  });

  it('takes the risk templates of the profile whole, else those of the file', async () => {
    const [file, prod] = [{ low: { MAX_DRAWDOWN: 5 }, high: {} }, { low: { MIN_CAPITAL_THRESHOLD: 0 } }];
    await write({ risk: { templates: file }, profiles: { prod: { risk: { templates: prod } }, dev: {} } });
    const templates = async (profile?: string) => (await loadConfig(source({}, { profile }))).risk.templates;
    expect([await templates(), await templates('dev'), await templates('prod')]).toEqual([file, file, prod]);
  });

  it('takes an empty variable as none', async () => {
    await write({ timeZone: 'UTC', profile: 'a', profiles: { a: { poolSize: 7 } } });
    const empty = { PINNACLE_TIME_ZONE: '', PINNACLE_PROFILE: '', PINNACLE_CONFIG: '', DATABASE_URL: '' };
    const config = await loadConfig(source({ ...empty, XDG_CONFIG_HOME: '' }));
    expect([config.timeZone, config.poolSize, config.database]).toEqual(['UTC', 7, undefined]);
  });

  it('prefers PINNACLE_DATABASE to DATABASE_URL', async () => {
    const env = { DATABASE_URL: 'postgres://a@b/c', PINNACLE_DATABASE: 'embedded' };
    expect((await loadConfig(source(env))).database).toBe('embedded');
  });

  it('migrates no database of the file where another one overrides it', async () => {
    await write({
      database: 'postgres://prod/d',
      migrateUrl: 'postgres://prod-direct/d',
      profiles: { test: { database: 'postgres://test/d' } },
    });
    expect((await loadConfig(source())).migrateUrl).toBe('postgres://prod-direct/d');
    expect((await loadConfig(source({}, { profile: 'test' }))).migrateUrl).toBeUndefined();
    const { migrateUrl, resolved } = await loadConfig(source({ DATABASE_URL: 'postgres://dev/d' }));
    expect(migrateUrl).toBeUndefined();
    expect(resolved.migrateUrl.origin).toBe('not used: the database comes from environment DATABASE_URL');
  });
});

describe('files', () => {
  it('are found in the folder, then in the user’s own', async () => {
    await mkdir(join(cwd, 'home/.config/pinnacle'), { recursive: true });
    const own = await write({ poolSize: 2 }, 0o600, 'home/.config/pinnacle/pinnacle.config.json');
    expect((await loadConfig(source())).file).toBe(own);
    const here = await write({ poolSize: 3 });
    expect((await loadConfig(source())).file).toBe(here);
  });

  it('that are named must exist', async () => {
    expect(await complaint(source({}, { file: 'nowhere.json' }))).toContain('does not exist');
    expect(await complaint(source({ PINNACLE_CONFIG: 'nowhere.json' }))).toContain('does not exist');
  });

  it('may begin with a BOM, be a symbolic link, and hold relative paths of their own', async () => {
    await mkdir(join(cwd, 'etc'));
    const path = await write('\ufeff{ "dataDir": "data" }', 0o644, 'etc/real.json');
    await symlink(path, join(cwd, 'pinnacle.config.json'));
    expect((await loadConfig(source())).dataDir).toBe(join(cwd, 'data'));
    expect((await loadConfig(source({}, { file: 'etc/real.json' }))).dataDir).toBe(join(cwd, 'etc/data'));
    expect((await loadConfig(source({ PINNACLE_DATA_DIR: 'here' }))).dataDir).toBe(join(cwd, 'here'));
  });

  it('that are folders, huge or no files at all are refused', async () => {
    expect(await complaint(source({}, { file: '.' }))).toContain('is a folder, not a file');
    expect(await complaint(source({}, { file: '/dev/null' }))).toContain('is no regular file');
    await truncate(await write(''), 50_000_000);
    expect(await complaint()).toContain('larger than 64 KiB');
  });

  it.each([
    ['{ "database": postgres://u:hunter2@h/d }'],
    ['{\n "database":\n "postgres://u:hunter2@h/d"'],
    ['{ "database": "postgres://u:hunter2@h/d", }'],
    ['postgres://u:hunter2@h/d'],
  ])('that are no JSON are refused without a word of them: %j', async (text) => {
    await write(text);
    const message = await complaint();
    expect(message).toContain('must be valid JSON');
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('postgres');
  });

  it.each([
    [[1], 'the file must hold a JSON object'],
    [null, 'the file must hold a JSON object'],
    [{ databse: 'embedded' }, 'there is no setting databse; did you mean database?'],
    [{ redis: { ulr: 'x' } }, 'there is no setting redis.ulr; did you mean redis.url?'],
    [{ 'redis.url': 'redis://h' }, 'redis.url must be written as { "redis": { "url": … } }'],
    [{ redis: null }, 'redis must be an object'],
    [{ profiles: null }, 'profiles must be an object of profiles'],
    [{ profiles: { prod: 'x' } }, 'profile prod must be an object of settings'],
    [{ profiles: { prod: { profile: 'x' } } }, 'profile prod: there is no setting profile'],
    [{ profile: 5 }, 'profile must be the name of a profile'],
    [{ profile: 'prdo', profiles: { prod: {} } }, 'There is no profile prdo'],
    ['{ "__proto__": { "database": "embedded" } }', 'must not have a key __proto__'],
    ['{ "redis": { "__proto__": "x" } }', 'must not have a key __proto__'],
    ['{ "profiles": { "a": { "constructor": "x" } } }', 'must not have a key constructor'],
    [{ timeout: 30 }, 'must be a duration'],
    [{ timeout: '999999999w' }, 'must be a duration'],
    [{ timeZone: 'IST' }, 'must be the full name of a time zone, such as Asia/Kolkata for IST, not "IST"'],
    [{ timeZone: 'CAT' }, 'such as Africa/Maputo for CAT'],
    [{ timeZone: 'Asia/Bombai' }, 'must be a time zone such as Asia/Kolkata, not "Asia/Bombai"'],
    [{ poolSize: 0 }, 'must be a whole number from 1 to 100, not 0'],
    [{ protected: 'yes' }, 'must be true or false, not "yes"'],
    [{ database: null }, 'must be embedded or a URL'],
    [{ database: { $env: 'A', $file: 'b' } }, 'must be a value, { "$env": "NAME" } or { "$file": "PATH" }'],
    [{ database: { $env: '' } }, 'must be a value'],
    [{ database: ['embedded'] }, 'must be a value'],
    [{ risk: { templates: [] } }, 'must be an object of templates.'],
    [{ risk: { templates: { $env: 'A' } } }, 'is not a risk tolerance; known: low, medium, high.'],
    [{ risk: { templates: { lwo: {} } } }, 'risk.templates.lwo ('],
    [{ risk: { templates: { low: 5 } } }, 'must be an object of rules'],
    [{ risk: { templates: { low: { MAX_DRAWDOWNS: 5 } } } }, 'did you mean MAX_DRAWDOWN?'],
    [{ risk: { templates: { low: { MAX_DRAWDOWN: 101 } } } }, 'must be at most 100, not 101.'],
    [{ risk: { templates: { low: { MAX_DAILY_LOSS: '5' } } } }, 'must be a number, not "5".'],
    [{ risk: { templates: { low: { MAX_DAILY_LOSS: 0 } } } }, 'must be more than 0, not 0.'],
    [
      { risk: { templates: { low: { MAX_ORDERS_PER_DAY: 1.5 } } } },
      'must be a whole number of orders, not 1.5.',
    ],
    ['{ "risk": { "templates": { "low": { "MAX_DAILY_LOSS": 1e999 } } } }', 'must not have a number beyond'],
    ['{ "risk": { "templates": { "__proto__": {} } } }', 'must not have a key __proto__'],
  ])('of %j are refused', async (content, message) => {
    await write(content);
    expect(await complaint()).toContain(message);
  });

  it('are refused with every complaint at once', async () => {
    await write({ timeout: 'soon', poolSize: 1_000, timeZone: 'Mars' });
    expect((await complaint()).split('\n')).toHaveLength(3);
    const low = { MAX_DRAWDOWN: 0, MAX_DAILY_LOSS: -5, MAX_ORDER: 1 };
    await write({ risk: { templates: { low, lo: {} } }, poolSize: 0 });
    expect((await complaint()).split('\n')).toHaveLength(5);
    await write({ tiemout: '1s', databse: 'x' });
    expect((await complaint()).split('\n')).toHaveLength(3);
  });

  it('never reach into the prototypes of objects for a profile', async () => {
    await write({ profiles: { prod: {} } });
    expect(await complaint(source({}, { profile: 'constructor' }))).toContain(
      'There is no profile constructor',
    );
    expect(await complaint(source({}, { profile: '__proto__' }))).toContain('There is no profile __proto__');
  });
});

describe('secrets', () => {
  const URL = 'postgres://u:hunter2@h/d';

  it.each([0o640, 0o604, 0o644])('stand in no file that others can read (%o)', async (mode) => {
    await write({ database: URL }, mode);
    expect(await complaint()).toContain('holds a password and may be read by others');
    await write({ profiles: { prod: { redis: { url: 'redis://:hunter2@h' } } } }, mode);
    expect(await complaint()).toContain('holds a password and may be read by others');
    await write({ database: 'postgres://u@h/d' }, mode);
    expect((await loadConfig(source())).database).toBe('postgres://u@h/d');
  });

  it('come from the environment', async () => {
    const path = await write({ database: { $env: 'SECRET' } }, 0o644);
    const { database, resolved } = await loadConfig(source({ SECRET: URL }));
    expect([database, resolved.database.origin]).toEqual([URL, `${path}, environment SECRET`]);
    expect(await complaint()).toContain('environment variable SECRET, which is not set');
    expect(await complaint(source({ SECRET: '' }))).toContain('which is not set');
  });

  it('come from a file that only its owner can read', async () => {
    const secret = await write(`${URL}\r\n`, 0o600, 'secret');
    await write({ database: { $file: 'secret' } }, 0o644);
    expect((await loadConfig(source())).database).toBe(URL);
    await chmod(secret, 0o644);
    expect(await complaint()).toContain('may be read by others');
    await rm(secret);
    expect(await complaint()).toContain('does not exist');
  });

  it('are in no complaint', async () => {
    await write({ database: 'mysql://u:hunter2@h/d', timeZone: 'postgres://u:hunter2@h/d' });
    expect(await complaint()).not.toContain('hunter2');
    expect(await complaint(source({ DATABASE_URL: 'u:hunter2@h' }))).not.toContain('hunter2');
  });

  it.each([
    ['postgres://u:p@h:5432/d', 'postgres://u:***@h:5432/d'],
    ['postgres://u:p@ss@h/d', 'postgres://u:***@h/d'],
    ['postgres://u:p/ss#w?rd@h/d', 'postgres://u:***@h/d'],
    ['postgres://u:p@h1:1,h2:2/d', 'postgres://u:***@h1:1,h2:2/d'],
    ['postgresql+x://u:p@h/d', 'postgresql+x://u:***@h/d'],
    ['redis://:p@h', 'redis://:***@h'],
    ['postgres://u@h/d?password=p&sslpassword=q&x=1', 'postgres://u@h/d?password=***&sslpassword=***&x=1'],
    ['postgres://u@h:5432/d?user=a@b', 'postgres://u@h:5432/d?user=a@b'],
    ['embedded', 'embedded'],
  ])('are masked: %s', (url, shown) => expect(maskSecrets(url)).toBe(shown));
});

describe('a Redis for each purpose', () => {
  const urls = (redis: Record<string, unknown> | undefined) =>
    ['url', 'marketUrl', 'ordersUrl', 'sessionsUrl', 'notificationsUrl'].map((name) => redis?.[name]);

  it('has a URL of its own, from the file or from a variable', async () => {
    await write({
      redis: { url: 'redis://h', market: { url: 'redis://h/1' }, sessions: { url: { $env: 'SESSIONS' } } },
    });
    const env = { SESSIONS: 'redis://u:p@s/2', REDIS_ORDERS_URL: 'redis://o' };
    const { redis, resolved } = await loadConfig(source(env));
    expect(urls(redis)).toEqual(['redis://h', 'redis://h/1', 'redis://o', 'redis://u:p@s/2', undefined]);
    expect(resolved['redis.sessions.url'].origin).toContain('environment SESSIONS');
  });

  it('is not that of the file where another one overrides all of it', async () => {
    await write({ redis: { url: 'redis://prod', market: { url: 'redis://prod/1' } } });
    const { redis, resolved } = await loadConfig(source({ REDIS_URL: 'redis://dev' }));
    expect(urls(redis)).toEqual(['redis://dev', undefined, undefined, undefined, undefined]);
    expect(resolved['redis.market.url'].origin).toBe('not used: redis.url comes from environment REDIS_URL');
  });

  it('needs no other where each has its own, and is named where one lacks', async () => {
    const each = (redis: string[]) =>
      Object.fromEntries(redis.map((purpose) => [purpose, { url: `redis://${purpose}` }]));
    await write({ redis: each(['market', 'orders', 'sessions', 'notifications']) });
    expect(urls((await loadConfig(source())).redis).slice(1)).toEqual(
      ['market', 'orders', 'sessions', 'notifications'].map((purpose) => `redis://${purpose}`),
    );
    await write({ redis: each(['market', 'orders']) });
    expect(await complaint()).toBe('No URL of Redis is configured for sessions, notifications.');
  });

  it.each([
    [
      { market: { uri: 'redis://h' } },
      'there is no setting redis.market.uri; did you mean redis.market.url?',
    ],
    [{ markets: { url: 'redis://h' } }, 'there is no setting redis.markets'],
    [{ market: 'redis://h' }, 'redis.market must be an object'],
    [{ 'market.url': 'redis://h' }, 'redis.market.url must be written'],
    [{ url: 'redis://h', market: { url: 'http://u:secret@h' } }, 'must be a URL such as redis://'],
  ])('is refused: %j', async (redis, says) => {
    await write({ redis });
    const message = await complaint();
    expect(message).toContain(says);
    expect(message).not.toContain('secret');
  });
});

it('accepts the example, whose secrets are elsewhere', async () => {
  const file = join(import.meta.dirname, '../../../pinnacle.config.example.json');
  expect(await loadConfig(source({}, { file }))).toMatchObject({ profile: 'dev', database: 'embedded' });
  const urls = {
    PINNACLE_PROD_URL: 'postgres://u:p@h/d',
    PINNACLE_PROD_DIRECT_URL: 'postgres://u:p@h2/d',
    PINNACLE_PROD_REDIS_URL: 'rediss://:p@h',
  };
  expect(await loadConfig(source(urls, { file, profile: 'prod' }))).toMatchObject({
    database: urls.PINNACLE_PROD_URL,
    migrateUrl: urls.PINNACLE_PROD_DIRECT_URL,
    redis: { url: urls.PINNACLE_PROD_REDIS_URL, prefix: '', timeoutMs: 2_000 },
    protected: true,
  });
  expect(await loadConfig(source(urls, { file, profile: 'services' }))).toMatchObject({
    redis: { marketUrl: 'redis://redis1:6379/1', notificationsUrl: 'redis://redis1:6379/3' },
  });
});
