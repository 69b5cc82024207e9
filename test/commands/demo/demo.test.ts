import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type CliOptions, type CliResult, cli } from '../../helpers/cli.ts';
import { findRedis, startRedis, type TestRedis } from '../../helpers/redis.ts';
import { wrongWith } from '../../helpers/typed.ts';
import { words } from '../../helpers/words.ts';

let folder: string;
let redis: TestRedis | undefined;
const cache = () => ({ XDG_CACHE_HOME: inject('cacheDir'), TMPDIR: folder });
const pinnacle = (line: string, options: CliOptions = {}): Promise<CliResult> =>
  cli(words(line), { ...options, cwd: folder, home: folder, env: { ...cache(), ...options.env } });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pinnacle-demo-test-'));
  redis = findRedis() ? await startRedis() : undefined;
});
afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('demo --keep', () => {
  const play = () => join(folder, 'play');
  const there = (line: string) =>
    pinnacle(line, { env: { PINNACLE_CONFIG: join(play(), 'pinnacle.config.json') } });
  let made: CliResult;
  beforeAll(async () => {
    // Another database and a Redis are configured, which it must not touch.
    const env = {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
      ...(redis && { REDIS_URL: redis.url }),
    };
    made = await pinnacle('demo --keep --dir play --json', { env });
  });

  it('leaves five traders with thirty days of trades, and says how to work with them', async () => {
    expect(made.code).toBe(0);
    const { folder: kept, state, traders } = JSON.parse(made.stdout);
    expect({ kept, state }).toEqual({ kept: play(), state: 'kept' });
    expect(traders).toHaveLength(5);
    for (const trader of traders) expect(trader.trades).toBeGreaterThan(50);
    expect(traders.map(({ violated }: { violated: number }) => violated)).toEqual([0, 0, 2, 0, 0]);
    expect(made.stderr).toContain(`export PINNACLE_CONFIG=${join(play(), 'pinnacle.config.json')}`);
    expect(made.stderr).toContain(`unset DATABASE_URL${redis ? ' REDIS_URL' : ''}\n`);
    expect(made.stderr).toContain(`pinnacle demo --remove --dir ${play()}`);
  });

  it('names commands that work there', async () => {
    const lines = made.stderr.split('\n').filter((line) => line.startsWith('  pinnacle '));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect((await there(line.trim().replace('pinnacle ', ''))).code).toBe(0);
  });

  it.each(['doctor ledger', 'migrate drift', 'audit verify', 'risk status', 'report months'])(
    'leaves nothing wrong: %s',
    async (line) => expect((await there(line)).code).toBe(0),
  );

  it('has what there is to practise on', async () => {
    const rows = async (line: string) =>
      JSON.parse((await there(`${line} --json`)).stdout) as Record<string, unknown>[];
    const sessions = await rows('session list --all');
    expect(sessions.filter(({ status }) => status === 'ACTIVE')).toHaveLength(5);
    expect(sessions.filter(({ status }) => status === 'COMPLETED')).toHaveLength(25);
    expect((await rows('risk status')).filter(({ halted }) => halted)).toMatchObject([
      { user_id: 'trader_003' },
    ]);
    const alerts = (await rows('notification list --all')).map(({ alert_level }) => alert_level);
    expect(alerts.filter((level) => level === 'CRITICAL')).toHaveLength(3);
    const today = await rows('order list --since today');
    expect(new Set(today.map(({ status }) => status))).toEqual(
      new Set(['PENDING', 'PLACED', 'PARTIALLY_FILLED', 'FILLED', 'REJECTED', 'CANCELLED']),
    );
    expect((await there('order place --user trader_001 --symbol TCS --side BUY --quantity 5')).code).toBe(0);
    expect((await there('order place --user trader_003 --symbol TCS --side BUY --quantity 5')).code).toBe(5);
  });

  it.skipIf(!findRedis())('brings nothing to the Redis that is configured', async () => {
    expect(await redis?.cli('DBSIZE')).toMatch(/^0\b/);
  });

  it('is refused where there is a playground, and removes it only with consent', async () => {
    const again = await pinnacle('demo --keep --dir play');
    expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('pinnacle demo --remove --dir')]);
    expect((await pinnacle('demo --remove --dir play')).code).toBe(4);
    expect((await pinnacle('demo --remove --dir play --yes --dry-run')).code).toBe(0);
    expect((await stat(play())).isDirectory()).toBe(true);
    expect((await pinnacle('demo --remove --dir play --yes')).code).toBe(0);
    expect((await readdir(folder)).filter((name) => name.startsWith('play'))).toEqual([]);
    const gone = await pinnacle('demo --remove --dir play --yes');
    expect([gone.code, gone.stderr]).toEqual([0, expect.stringContaining('There is no playground')]);
  });

  it('makes the same in each run', async () => {
    const shown = await pinnacle('demo --json');
    expect(shown.code).toBe(0);
    expect(JSON.parse(shown.stdout)).toEqual({ ...JSON.parse(made.stdout), folder: null, state: 'shown' });
    const told = shown.stderr.split('\n').flatMap((line) => /^\$ pinnacle (.*)/.exec(line)?.[1] ?? []);
    expect(told.length).toBeGreaterThan(80);
    for (const line of told) expect({ line, wrong: await wrongWith(words(line)) }).toEqual({ line });
    expect(shown.stderr).toContain('$ pinnacle risk halt trader_003');
  });
});

/** A folder that is marked as a playground. */
const playground = async (name: string): Promise<string> => {
  const made = join(folder, name);
  await mkdir(made, { recursive: true });
  await writeFile(join(made, '.pinnacle-playground'), '');
  await writeFile(join(made, 'pinnacle.config.json'), '{}');
  return made;
};

describe('a folder that is no playground', () => {
  it('is not renamed to one that nobody wants where it is the root', async () => {
    const { code, stderr } = await pinnacle('demo --keep --dir / --json');
    expect([code, JSON.parse(stderr).error.hint]).toEqual([
      5,
      'Name another folder, or none: pinnacle demo --keep',
    ]);
  });

  it.each([['demo --keep --dir theirs'], ['demo --remove --dir theirs --yes']])(
    'is left alone by %s',
    async (line) => {
      const theirs = join(folder, 'theirs');
      await mkdir(theirs, { recursive: true });
      await writeFile(join(theirs, 'PG_VERSION'), '18\n');
      const { code, stderr } = await pinnacle(`${line} --json`);
      expect([code, JSON.parse(stderr).error.code]).toEqual([5, 'FOLDER_TAKEN']);
      expect(await readdir(theirs)).toEqual(['PG_VERSION']);
      expect((await readdir(folder)).filter((name) => name.startsWith('theirs'))).toEqual(['theirs']);
    },
  );

  it.each([['demo --keep --dir link'], ['demo --remove --dir link --yes']])(
    'nor is a link to a playground followed by %s',
    async (line) => {
      const linked = await playground('linked');
      await symlink(linked, join(folder, 'link'));
      const { code } = await pinnacle(line);
      await rm(join(folder, 'link'));
      expect(code).toBe(5);
      expect(await readdir(linked)).toContain('.pinnacle-playground');
    },
  );

  it.each([['demo --keep --dir play2'], ['demo --remove --dir play2 --yes']])(
    'another playground beside it is left alone by %s, which removes what a killed run left',
    async (line) => {
      const other = await playground('play2.new');
      const left = await playground('.play2.pinnacle-draft');
      if (line.includes('--remove')) await playground('play2');
      expect((await pinnacle(line)).code).toBe(0);
      expect(await readdir(other)).toContain('.pinnacle-playground');
      expect(await readdir(folder)).not.toContain(basename(left));
      await rm(join(folder, 'play2'), { recursive: true, force: true });
    },
  );

  it('what a killed run left is removed, too, where nothing else is', async () => {
    await playground('.gone.pinnacle-draft');
    expect((await pinnacle('demo --remove --dir gone --dry-run')).code).toBe(0);
    expect(await readdir(folder)).toContain('.gone.pinnacle-draft');
    expect((await pinnacle('demo --remove --dir gone')).code).toBe(0);
    expect(await readdir(folder)).not.toContain('.gone.pinnacle-draft');
  });

  it('is not taken from another run that makes one', async () => {
    const draft = await playground('.busy.pinnacle-draft');
    const [, started] = /\) (.*)/.exec(await readFile(`/proc/${process.pid}/stat`, 'utf8')) ?? [];
    const holder = { pid: process.pid, started: started?.split(' ')[19], command: 'demo' };
    await writeFile(join(draft, 'database.lock'), JSON.stringify(holder));
    expect((await pinnacle('demo --keep --dir busy')).code).toBe(10);
    expect(await readdir(draft)).toContain('database.lock');
  });

  it.each([['demo --keep --remove'], ['demo --dir play'], ['demo play']])('%s ends 2', async (line) => {
    expect((await pinnacle(line)).code).toBe(2);
  });
});
