import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { words } from '../helpers/words.ts';

const page = await readFile('docs/first-steps.md', 'utf8');
const commandsIn = (block = '') =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line.startsWith('pinnacle '))
    .map((line) => words(line).slice(1));

let folder: string;
const run = (argv: readonly string[], env: Record<string, string> = {}) =>
  cli(argv, { cwd: folder, home: folder, env: { XDG_CACHE_HOME: inject('cacheDir'), ...env } });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pinnacle-first-steps-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('docs/first-steps.md', () => {
  it('has commands for the playground that work there, in their order', async () => {
    expect((await run(words('demo --keep --dir practice'))).code).toBe(0);
    const block = /<!-- playground -->\n```sh\n([\s\S]*?)```/.exec(page)?.[1];
    const commands = commandsIn(block);
    expect(commands.length).toBeGreaterThan(10);
    const env = { PINNACLE_CONFIG: join(folder, 'practice', 'pinnacle.config.json') };
    for (const argv of commands) {
      const { code, stderr } = await run(argv, env);
      expect({ argv, code, stderr: code === 0 ? '' : stderr }).toEqual({ argv, code: 0, stderr: '' });
    }
  });

  it('names only flags and commands that are there', async () => {
    for (const [, block] of page.matchAll(/```sh\n([\s\S]*?)```/g))
      for (const argv of commandsIn(block)) {
        const { code, stdout } = await run([
          ...argv.filter((word) => !word.startsWith('-')).slice(0, 2),
          '--help',
        ]);
        expect({ argv, code }).toEqual({ argv, code: 0 });
        for (const word of argv.filter((each) => each.startsWith('--'))) expect(stdout).toContain(word);
      }
  });
});
