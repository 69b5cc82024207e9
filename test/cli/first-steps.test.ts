import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOUNS } from '../../src/program.ts';
import { type CliOptions, cli } from '../helpers/cli.ts';
import { words } from '../helpers/words.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pinnacle-first-'));
});
afterEach(() => rm(home, { recursive: true }));

const alone = (options: CliOptions = {}) => cli([], { tty: true, home, cwd: home, ...options });
/** What it names to type, without the name of the program. */
const named = (text: string) =>
  text.split('\n').flatMap((line) => /^ {2}pinnacle (\S+(?: \S+)*?) {3}/.exec(line)?.[1] ?? []);

describe('pinnacle alone on a terminal', () => {
  it('names three commands where nothing is configured', async () => {
    const { code, stdout, stderr } = await alone();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(named(stdout)).toEqual(['demo --keep', 'config init', 'help']);
    expect(stdout.split('\n').length).toBeLessThan(8);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says which database is configured, and what is useful with it', async () => {
    const { code, stdout } = await alone({ env: { DATABASE_URL: 'postgres://asha:hush@db1/pinnacle' } });
    expect(code).toBe(0);
    expect(stdout).toContain('asha@db1:5432/pinnacle');
    expect(stdout).not.toContain('hush');
    expect(named(stdout)).toContain('doctor');
  });

  it('leads to migrate up where the embedded database is not made yet, and no longer once it is', async () => {
    const env = { PINNACLE_DATABASE: 'embedded', PINNACLE_DATA_DIR: join(home, 'data') };
    expect(named((await alone({ env })).stdout)[0]).toBe('migrate up');
    await mkdir(env.PINNACLE_DATA_DIR);
    await writeFile(join(env.PINNACLE_DATA_DIR, 'PG_VERSION'), '18\n');
    expect(named((await alone({ env })).stdout)).not.toContain('migrate up');
  });

  it('names commands that are there', async () => {
    const env = { PINNACLE_DATABASE: 'embedded', PINNACLE_DATA_DIR: join(home, 'data') };
    const pages = [
      await alone(),
      await alone({ env }),
      await alone({ env: { DATABASE_URL: 'postgres://h/d' } }),
    ];
    for (const line of pages.flatMap(({ stdout }) => named(stdout))) {
      const [noun = ''] = words(line);
      expect(['help', ...Object.keys(NOUNS)]).toContain(noun);
      expect((await cli([...words(line).filter((word) => !word.startsWith('--')), '--help'])).code).toBe(0);
    }
  });

  it('says what is wrong with a configuration that cannot be read', async () => {
    await writeFile(join(home, 'pinnacle.config.json'), '{ broken');
    const { code, stderr } = await alone();
    expect([code, stderr]).toEqual([78, expect.stringContaining('pinnacle.config.json')]);
  });

  it.each([
    ['a pipe', { tty: false }],
    ['CI', { env: { CI: 'true' } }],
  ])('is the help of the program, exit 2, in %s', async (_where, options) => {
    const { code, stdout, stderr } = await alone(options);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: pinnacle/);
  });
});
