import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { cli } from '../helpers/cli.ts';

// Through a variable, as the compiler has no types for it.
const page = new URL('../../scripts/docs/commands-page.js', import.meta.url).href;

test('docs/commands.md says what the program says of itself; else: npm run docs', async () => {
  const { commandsPage } = (await import(page)) as { commandsPage: (tree: unknown) => string };
  const { stdout } = await cli(['help', '--json']);
  expect(await readFile('docs/commands.md', 'utf8')).toBe(commandsPage(JSON.parse(stdout)));
});
