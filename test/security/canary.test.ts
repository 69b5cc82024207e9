import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatRing, generateKey, parseRing } from '../../src/platform/secrets/key-ring.ts';
import type { CliOptions } from '../helpers/cli.ts';
import { servers } from '../helpers/databases.ts';
import { dayOf, everyCommand, fillIn, isSlow, type Line, needsRedis, remember } from '../helpers/day.ts';
import { words } from '../helpers/words.ts';
import type { Program } from '../model/check.ts';
import { mutant } from '../model/mutant.ts';
import { leaksIn } from './leaks.ts';
import { runWatched } from './watched.ts';
import { buildWorld, type World } from './world.ts';

const COMMANDS = await everyCommand();
const DAY = dayOf(COMMANDS);
const entryOf = (path: string) => COMMANDS.find((command) => command.path === path);
const stranger = generateKey(new Date(), undefined);
const OTHER_RING = formatRing({ keys: new Map([[stranger.id, stranger]]), active: stranger });

type Env = Record<string, string>;

describe.each(servers)('no secret leaves the program', () => {
  let world: World;
  const known: Record<string, string> = {};
  /** Every command that did its work, and every way in which one did not. */
  const [reached, failures] = [new Set<string>(), new Set<string>()];

  beforeAll(async () => {
    world = await buildWorld();
    known['secret'] = world.secret('piped');
    // So that those are searched for as well which no command should ever take for a key.
    world.secrets.set('key of a stranger', stranger.key);
  });
  afterAll(() => world?.end());

  /** Runs a command and searches what it says. A key or token that it gives away on purpose is a secret from then on. */
  const search = async (options: CliOptions, ...argv: string[]) => {
    const { code, stdout, stderr } = await world.run(options, ...argv);
    const given = /"(?:api_key|token)": ?"(\w{30,})"/.exec(stdout)?.[1];
    if (given !== undefined) world.secrets.set(`what came of ${argv.join(' ')}`, given);
    remember(stdout, known);
    learnRing();
    const said = stdout.replace(given ?? '', '') + stderr;
    expect({ argv, code, leaks: leaksIn(said, world.secrets) }).toEqual({ argv, code, leaks: [] });
    if (code !== 0) failures.add(/"code":"(\w+)"/.exec(stderr)?.[1] ?? String(code));
    return { code, stderr };
  };

  const learnRing = () => {
    const ring = world.home('keyring.json');
    if (!existsSync(ring)) return;
    for (const { id, key } of parseRing(readFileSync(ring, 'utf8')).keys.values())
      world.secrets.set(`key ${id}`, key);
  };

  /** Surroundings in which a command fails, and words that make it fail. */
  const wrongs = (path: string): [env: Env, ...more: string[]][] => {
    const { url, secret } = world;
    const nowhere = (login: string) => url(login).replace('@/', '@127.0.0.1:1/').replace(/\?.*/, '');
    const mistaken = secret('mistaken');
    return [
      [{ DATABASE_URL: nowhere('operator'), PINNACLE_MIGRATE_URL: nowhere('builder') }],
      [{ DATABASE_URL: url('operator', secret('stranger')) }],
      [{ DATABASE_URL: url('reader') }],
      [{}, `--token=${mistaken}`],
      // Some take any number of words, and name those that are none of theirs.
      ...(entryOf(path)?.usage?.includes('...')
        ? []
        : [[{}, ...Array(4).fill(mistaken)] as [Env, ...string[]]]),
      ...(/^keys|credentials/.test(path) ? wrongRings() : []),
      ...(needsRedis(path) ? wrongRedis() : []),
    ];
  };
  const wrongRings = (): [Env][] => {
    const bare = { PINNACLE_CONFIG: world.home('without-ring.json') };
    const mistaken = world.secret('mistaken');
    const half = JSON.stringify({ version: 1, active: mistaken, keys: { [mistaken]: mistaken } });
    return [
      ...[OTHER_RING, mistaken, half].map((ring): [Env] => [{ ...bare, PINNACLE_KEYRING: ring }]),
      [{ PINNACLE_KEYRING: OTHER_RING }],
    ];
  };
  const wrongRedis = (): [Env][] => {
    const { port } = new URL(world.env['BOOK_REDIS'] ?? '');
    const password = encodeURIComponent(world.secret('stranger'));
    return [1, port].map((at): [Env] => [{ REDIS_URL: `redis://:${password}@127.0.0.1:${at}` }]);
  };

  const follow = async ({ path, text, stdin }: Exclude<Line, { sql: string }>) => {
    const argv = words(await fillIn(text, world, world.home('keyring.json'), known));
    const options = stdin === undefined ? {} : { stdin: await fillIn(stdin, world, '', known) };
    for (const [env, ...more] of isSlow(path) ? [] : wrongs(path))
      await search({ ...options, env }, ...argv, ...more, '--json', '--debug');
    const { code, stderr } = await search(options, ...argv, '--debug', '--json');
    // The environment here holds passwords, which a schedule refuses to carry.
    expect(path === 'schedule print' ? [78] : [0, 6], stderr).toContain(code);
    reached.add(path);
    const isRead = entryOf(path)?.effect === 'read';
    if (isRead && !isSlow(path)) await search({ tty: true }, ...argv);
  };

  // Each goes on from where the one before it left the book.
  it.each(DAY.map((line) => ({ name: 'sql' in line ? line.sql : line.text, line })))(
    '$name',
    async ({ line }) => {
      if ('sql' in line) await world.query(line.sql);
      else if (world.hasRedis || !needsRedis(line.path)) await follow(line);
    },
  );

  it('has run every command there is', () => {
    const missed = COMMANDS.map(({ path }) => path).filter((path) => !reached.has(path));
    expect(missed.filter((path) => world.hasRedis || !needsRedis(path))).toEqual([]);
  });

  it('and every source of a secret', async () => {
    const set = (field: string, ...more: string[]) => [
      ...['user', 'credentials', 'set', 'u2', '--field', `broker_${field}`, ...more],
    ];
    const ends = async (code: number, options: CliOptions, ...argv: string[]) =>
      expect(await search(options, ...argv, '--debug')).toMatchObject({ code });
    const command = { PINNACLE_CONFIG: world.home('with-command.json') };
    const bare = { PINNACLE_CONFIG: world.home('without-ring.json') };
    const ring = readFileSync(world.home('keyring.json'), 'utf8');
    await ends(0, {}, ...set('secret', '--from-file', world.home('credential')));
    const answer = { to: 'The broker_token:', keys: `${world.secret('typed')}\r` };
    await ends(0, { tty: true, answer }, ...set('token'));
    await ends(0, { env: command, stdin: world.secret('piped') }, ...set('api_key', '--secret-stdin'));
    for (const env of [{}, command, { ...bare, PINNACLE_KEYRING: ring }])
      await ends(0, { env }, 'user', 'credentials', 'verify', 'u2');
    await ends(0, {}, 'user', 'rotate-key', 'u2', '--output-file', world.home('api-key'));
    world.secrets.set('API key in a file', readFileSync(world.home('api-key'), 'utf8').trim());
    const lost = `${world.secret('mistaken')}\u0007`;
    await ends(2, { stdin: lost }, ...set('token', '--secret-stdin'));
    await ends(2, { stdin: lost }, 'user', 'verify-key');
    await ends(2, { stdin: known['api_key']?.slice(0, -1) ?? '' }, 'user', 'verify-key');
  });

  it('and every rule of the database that a trader can break', async () => {
    const add = ['user', 'add', '--name', 'X', '--json'];
    await search({}, ...add, '--user-id', 'u2', '--email', 'y@example.com');
    await search({}, ...add, '--email', 'b@example.com');
    await search(
      {},
      ...words('order place --order-id o1 --user u2 --symbol X --side BUY --quantity 1 --json'),
    );
    await search({}, 'order', 'fill', 'o1', '--quantity', '1', '--price', '1', '--json');
    await search({}, 'audit', 'export', '--output', 'audit.ndjson', '--json');
    await search({}, 'audit', 'export', '--output', 'audit.csv', '--format', 'csv');
  });

  it('and every secret that is stored otherwise than it should be', async () => {
    const trigger = (what: string) => world.query(`ALTER TABLE users ${what} TRIGGER users_broker_envelope`);
    await trigger('DISABLE');
    await world.query(
      `INSERT INTO users (user_id, name, email, api_key, broker_api_key, broker_secret, broker_token)
       SELECT 'legacy', 'L', 'l@example.com', 'x', 'pne1.00000000.AAAA', '${world.secret('legacy')}', broker_token
       FROM users WHERE user_id = 'u2'`,
    );
    await trigger('ENABLE');
    for (const line of [
      'user show legacy',
      'user credentials show legacy',
      'user credentials verify legacy',
      'keys status',
      'keys verify',
      'keys rotate',
      'session start --user legacy',
    ])
      for (const more of [['--json', '--debug'], ['--csv'], ['--columns', 'nothing']])
        await search({}, ...words(line), ...more);
  });

  it('and every configuration that cannot be used', async () => {
    const configured = (PINNACLE_CONFIG: string) => ({ env: { PINNACLE_CONFIG } });
    chmodSync(world.home('keyring.json'), 0o644);
    await search({}, 'keys', 'verify', '--json', '--debug');
    chmodSync(world.home('keyring.json'), 0o600);
    chmodSync(world.home('migrate-url'), 0o644);
    for (const argv of [
      ['config', 'show', '--origin'],
      ['config', 'validate'],
      ['order', 'list'],
      ['keys', 'verify'],
    ]) {
      await search({}, ...argv, '--json', '--debug');
      await search(configured(world.home('broken.json')), ...argv, '--json', '--debug');
      await search({ env: { DATABASE_URL: `postgres://u:${world.secret('mistaken')}%zz@[bad/x` } }, ...argv);
      await search({ env: { REDIS_URL: world.secret('mistaken') } }, ...argv, '--json', '--debug');
    }
    chmodSync(world.home('migrate-url'), 0o600);
    expect([...failures]).toEqual(
      expect.arrayContaining([
        ...['USAGE', 'CONFIG_INVALID', 'DATABASE_UNREACHABLE', 'LOGIN_REFUSED', 'NOT_PERMITTED'],
        ...['KEYRING_INVALID', 'SECRET_FILE_UNSAFE', 'USER_EXISTS', 'EMAIL_TAKEN', 'ORDER_EXISTS'],
        ...(world.hasRedis ? ['REDIS_UNREACHABLE'] : []),
      ]),
    );
  });

  it('nor does one stand in a process list, or in what a real process says', async () => {
    const credential = ['user', 'credentials', 'set', 'u2', '--field', 'broker_token'];
    for (const [stdin, env, ...argv] of [
      [world.secret('piped'), {}, ...credential, '--secret-stdin'],
      ['', {}, ...credential, '--from-file', world.home('credential')],
      [known['api_key'] ?? '', {}, 'user', 'verify-key'],
      ['', { PINNACLE_CONFIG: world.home('with-command.json') }, 'user', 'credentials', 'verify', 'u2'],
      ['', {}, 'migrate', 'up'],
      ['', { DATABASE_URL: world.url('operator', world.secret('stranger')) }, 'order', 'list', '--debug'],
    ] as [string, Env, ...string[]][]) {
      const { said, processes } = await runWatched({ ...world.env, ...env }, world.work, stdin, argv);
      if (existsSync('/proc/self/cmdline')) expect(processes).toContain(argv.join(' '));
      expect({ argv, leaks: leaksIn(said + processes, world.secrets) }).toEqual({ argv, leaks: [] });
    }
  });

  it('nor in any row but that of a credential in plain text, or in any file that was written', async () => {
    const { rows: tables } = await world.query(
      "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
    );
    expect(tables.length).toBeGreaterThan(10);
    for (const { relname } of tables) {
      const { rows } = await world.query(
        `SELECT t::text FROM ${relname} t WHERE t::text NOT LIKE '(legacy,%'`,
      );
      expect({ relname, leaks: leaksIn(JSON.stringify(rows), world.secrets) }).toEqual({
        relname,
        leaks: [],
      });
    }
    const files = readdirSync(world.work);
    expect(files).toEqual(expect.arrayContaining(['anchor', 'audit.csv', 'audit.ndjson', 'made.json']));
    for (const file of files)
      expect({ file, leaks: leaksIn(readFileSync(join(world.work, file), 'utf8'), world.secrets) }).toEqual({
        file,
        leaks: [],
      });
  });

  it('nor in the log of the server, which has every statement, parameter and program name', () => {
    const log = world.log();
    expect(log).toContain('pinnacle/user credentials set operator@book');
    expect(log).toMatch(/DETAIL: .*parameters: \$1 = 'u2'/);
    expect(log).toContain('pne1.');
    expect(leaksIn(log, world.secrets)).toEqual([]);
  });

  it('nor in what Redis is told', () => {
    if (!world.hasRedis) return;
    expect(world.heard()).toContain('order:o1');
    expect(leaksIn(world.heard(), world.secrets)).toEqual([]);
  });

  it('while the same search finds some in a program that passes on what the database says', async () => {
    await world.query(`CREATE FUNCTION spill() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'row %', OLD USING DETAIL = OLD::text, HINT = OLD::text; END $$`);
    await world.query('CREATE TRIGGER spill BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION spill()');
    const argv = ['user', 'revoke-key', 'legacy', '--yes', '--json', '--debug'];
    expect((await search({}, ...argv)).code).toBe(1);
    const careless: Program = await mutant({
      file: 'src/platform/postgres/errors.ts',
      right: ['`The database reported an error ($', '{state}).`'].join(''),
      wrong: 'error.message',
    });
    const { stderr } = await careless(argv, { env: world.env, cwd: world.work });
    expect(leaksIn(stderr, world.secrets)).toEqual(['legacy']);
  });
});
