import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CliOptions, cli } from '../../helpers/cli.ts';

let cwd: string;
let file: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'pinnacle-config-'));
  file = join(cwd, 'pinnacle.config.json');
});
afterEach(() => rm(cwd, { recursive: true }));

const config = (argv: string[], options: CliOptions = {}) =>
  cli(['config', ...argv], { cwd, home: cwd, ...options });
const read = async (path = file) => JSON.parse(await readFile(path, 'utf8'));

describe('config init', () => {
  it('writes what the flags say, for its owner only, and names no database as its target', async () => {
    const { code, stdout, stderr } = await config([
      'init',
      '--database',
      'embedded',
      '--data-dir',
      'data',
      '--json',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      file,
      database: 'embedded',
      data_dir: 'data',
      time_zone: 'Asia/Kolkata',
    });
    expect(await read()).toEqual({ database: 'embedded', dataDir: 'data', timeZone: 'Asia/Kolkata' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(cwd)).toEqual(['pinnacle.config.json']);
  });

  it('keeps a secret in the environment, and what it wrote is then read', async () => {
    await config(['init', '--database-env', 'SECRET', '--time-zone', 'UTC', '--config', 'prod.json']);
    expect(await read(join(cwd, 'prod.json'))).toEqual({ database: { $env: 'SECRET' }, timeZone: 'UTC' });
    const env = { SECRET: 'postgres://u:hunter2@h/d' };
    const { code, stdout } = await config(['show', '--config', 'prod.json'], { env });
    expect([code, stdout]).toEqual([0, expect.stringContaining('database\tpostgres://u:***@h/d\n')]);
  });

  it('refuses a password without repeating it', async () => {
    const { code, stdout, stderr } = await config(['init', '--database', 'postgres://u:hunter2@h/d']);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('must not hold a password');
    expect(stderr).not.toContain('hunter2');
    expect(await readdir(cwd)).toEqual([]);
  });

  it.each([
    [['init'], 2],
    [['init', '--no-input', '--time-zone', 'UTC'], 2],
    [['init', '--database', 'mysql://h/d'], 2],
    [['init', '--database', 'embedded', '--database-env', 'X'], 2],
    [['init', '--database-env', 'not a name'], 2],
    [['init', '--database', 'embedded', '--time-zone', 'Mars'], 2],
    [['init', '--database', 'embedded', '--config', 'no/such/folder.json'], 78],
  ])('%j writes nothing and ends %i', async (argv, exit) => {
    const { code, stdout } = await config(argv);
    expect([code, stdout]).toEqual([exit, '']);
    expect(await readdir(cwd)).toEqual([]);
  });

  it('writes over a file only with --yes, and never through a symbolic link', async () => {
    await writeFile(join(cwd, 'real.json'), '{}');
    const real = (...argv: string[]) =>
      config(['init', '--database', 'embedded', '--config', 'real.json', ...argv]);
    expect((await real()).code).toBe(4);
    expect(await read(join(cwd, 'real.json'))).toEqual({});
    expect((await real('--yes')).code).toBe(0);
    expect(await read(join(cwd, 'real.json'))).toMatchObject({ database: 'embedded' });

    await symlink(join(cwd, 'real.json'), file);
    const { code, stderr } = await config(['init', '--database', 'embedded', '--yes', '--time-zone', 'UTC']);
    expect([code, stderr]).toEqual([78, expect.stringContaining('is a symbolic link')]);
    expect(await read(join(cwd, 'real.json'))).not.toMatchObject({ timeZone: 'UTC' });
    expect((await readdir(cwd)).sort()).toEqual(['pinnacle.config.json', 'real.json']);
  });

  it('writes nothing in a dry run', async () => {
    expect((await config(['init', '--database', 'embedded', '--dry-run'])).code).toBe(0);
    expect(await readdir(cwd)).toEqual([]);
  });
});

describe('config show', () => {
  it('shows a risk rule a line', async () => {
    await writeFile(file, '{ "risk": { "templates": { "low": { "MAX_DRAWDOWN": 5 }, "high": {} } } }');
    const rows = JSON.parse((await config(['show', '--json', 'setting,value'])).stdout);
    expect(rows).toContainEqual({ setting: 'risk.templates.low.MAX_DRAWDOWN', value: '5' });
    expect(rows).toContainEqual({ setting: 'risk.templates.high', value: null });
  });

  it('masks the password of each Redis', async () => {
    await writeFile(
      file,
      '{ "redis": { "url": "redis://:hush-1@h", "market": { "url": "redis://u:hush-2@h/1" }, "orders": { "url": { "$env": "ORDERS" } } } }',
      { mode: 0o600 },
    );
    const { code, stdout } = await config(['show', '--json', 'setting,value'], {
      env: { ORDERS: 'redis://:hush-3@h/2' },
    });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { setting: 'redis.url', value: 'redis://:***@h' },
        { setting: 'redis.market.url', value: 'redis://u:***@h/1' },
        { setting: 'redis.orders.url', value: 'redis://:***@h/2' },
        { setting: 'redis.sessions.url', value: null },
      ]),
    );
    expect(stdout).not.toContain('hush');
  });

  it('shows origins in JSON, and in a table where asked', async () => {
    await writeFile(file, '{ "poolSize": 9 }');
    const [rows, table, plain] = [
      JSON.parse((await config(['show', '--json'])).stdout),
      (await config(['show', '--origin', '--no-color'], { tty: true, columns: 300 })).stdout,
      (await config(['show', '--no-color'], { tty: true })).stdout,
    ];
    expect(rows).toContainEqual({ setting: 'poolSize', value: '9', origin: file });
    expect(rows).toContainEqual({ setting: 'database', value: null, origin: 'not set' });
    expect(table).toContain(file);
    expect(plain).not.toContain(file);
  });
});

describe('config path', () => {
  it('says which file is read, and works where that file is broken, even on a terminal', async () => {
    await writeFile(file, '{ broken');
    const other = join(cwd, '.config/pinnacle/pinnacle.config.json');
    expect(JSON.parse((await config(['path', '--json'])).stdout)).toEqual([
      { file, exists: true, read: true },
      { file: other, exists: false, read: false },
    ]);
    expect((await config(['path'], { tty: true })).code).toBe(0);
    const named = JSON.parse((await config(['path', '--config', 'x.json', '--json'])).stdout);
    expect(named).toEqual([{ file: join(cwd, 'x.json'), exists: false, read: false }]);
  });
});

describe('config validate', () => {
  it('names every complaint about every profile, with exit 78', async () => {
    await writeFile(
      file,
      JSON.stringify({
        timeout: 'soon',
        profile: 'x',
        profiles: { a: { poolSize: 0 }, b: { timeZone: 'Mars' } },
      }),
    );
    const { code, stdout, stderr } = await config(['validate', file]);
    expect([code, stdout]).toEqual([78, '']);
    for (const word of ['timeout', 'profile a', 'profile b', 'names x']) expect(stderr).toContain(word);
  });

  it('accepts a file whose secrets are not on this machine, unless it is the one in force', async () => {
    await writeFile(file, '{ "database": { "$env": "ELSEWHERE" }, "profiles": { "a": {} } }');
    const { code, stdout } = await config(['validate', 'pinnacle.config.json', '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([0, { file, profiles: ['a'], valid: true }]);
    expect((await config(['validate'])).code).toBe(78);
    expect((await config(['validate'], { env: { ELSEWHERE: 'embedded' } })).code).toBe(0);
  });

  it('ends 78 for a file that is not there, 0 where there is none to check', async () => {
    expect((await config(['validate', 'nowhere.json'])).code).toBe(78);
    expect((await config(['validate'])).code).toBe(0);
  });
});
