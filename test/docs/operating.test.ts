import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { allCommands } from '../helpers/commands.ts';
import { databases } from '../helpers/databases.ts';
import { words } from '../helpers/words.ts';

const page = readFileSync('docs/operating.md', 'utf8');
const linesOf = (block: string) => block.split('\n').filter((line) => line.startsWith('pinnacle '));

it.each(databases)('docs/operating.md has commands that work on $name', async ({ open }) => {
  const db = await open();
  try {
    for (const [, block = ''] of page.matchAll(/<!-- run -->\n```sh\n([\s\S]*?)```/g))
      for (const line of linesOf(block))
        expect({ line, code: (await db.cli(...words(line).slice(1))).code }).toEqual({ line, code: 0 });
  } finally {
    await db.close();
  }
});

it('docs/operating.md watches commands that can be watched', async () => {
  const commands = await allCommands();
  const watched = linesOf(page).filter((line) => line.includes('--watch'));
  expect(watched.length).toBeGreaterThan(2);
  for (const line of watched) {
    const found = commands.find(({ name }) => line.startsWith(`pinnacle ${name} `));
    expect({ line, watch: 'watch' in (found?.command.flags ?? {}) }).toEqual({ line, watch: true });
  }
});
