import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';

interface Pages {
  commandsPage: (tree: unknown) => string;
  readmePage: (readme: string, tree: unknown) => string;
}

// Through a variable, as the compiler has no types for it.
const module = new URL('../../scripts/docs/commands-page.js', import.meta.url).href;
const { commandsPage, readmePage } = (await import(module)) as Pages;
const tree = JSON.parse((await cli(['help', '--json'])).stdout);

it('docs/commands.md is current; else run: npm run docs', async () => {
  expect(await readFile('docs/commands.md', 'utf8')).toBe(commandsPage(tree));
});

it('the table of commands in README.md is current; else run: npm run docs', async () => {
  const readme = await readFile('README.md', 'utf8');
  expect(readme).toMatch(/<!-- commands -->[\s\S]*`order`[\s\S]*<!-- \/commands -->/);
  expect(readme).toBe(readmePage(readme, tree));
});
