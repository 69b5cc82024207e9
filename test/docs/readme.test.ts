import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DatabaseKind, databases } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';

const readme = readFileSync('README.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));

const commandsIn = (block: string) =>
  block
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, ''))
    .filter((line) => line.startsWith('pinnacle '))
    .map((line) => words(line).slice(1));

describe('the README', () => {
  it('begins with the two commands', () => {
    expect(readme).toMatch(/^# Pinnacle\n\n```sh\nnpm run demo .*\nnpm test .*\n```/);
  });

  it('names only scripts that are there', () => {
    for (const [, script = ''] of readme.matchAll(/npm run ([\w:]+)/g))
      expect(Object.keys(scripts)).toContain(script);
  });

  it.each(databases)(
    'has a first book and a trading day whose every command works on $name',
    // The embedded engine starts anew for each of them.
    { timeout: 180_000 },
    async ({ open }: DatabaseKind) => {
      const blocks = [...readme.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g)].map(
        ([, block]) => block ?? '',
      );
      const commands = blocks.flatMap(commandsIn);
      expect(commands.length).toBeGreaterThan(20);
      const db = await open(0);
      try {
        for (const argv of commands) {
          const { code, stderr } = await db.cliWith(
            { cwd: process.cwd(), env: { PINNACLE_FORCE_TTY: '1' } },
            ...argv,
          );
          expect({ argv, code, stderr: code === 0 ? '' : stderr }).toEqual({ argv, code: 0, stderr: '' });
        }
      } finally {
        await db.close();
      }
    },
  );

  it.each(databases)('has commands for a server that work on $name', async ({ open }: DatabaseKind) => {
    const block = /## A server\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const db = await open(0);
    try {
      for (const argv of commandsIn(block)) expect((await db.cli(...argv)).code).toBe(0);
    } finally {
      await db.close();
    }
  });
});
