import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { RELIED_ON } from '../../src/platform/postgres/session-settings.ts';
import { NODE_MAJORS, POSTGRES_MAJORS } from '../helpers/binaries.ts';

const page = readFileSync('docs/support.md', 'utf8');
const table = /<!-- matrix -->\n([\s\S]*)<!-- \/matrix -->/.exec(page)?.[1] ?? '';
const [head = [], , ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const majorOf = (text: string) => /(\d+)\./.exec(text)?.[1];

it('docs/support.md has what ran on every PostgreSQL and Node; else run: npm run test:matrix', () => {
  expect(head.map(majorOf).filter(Boolean)).toEqual(NODE_MAJORS);
  expect(rows.map((cells) => majorOf(cells[1] ?? ''))).toEqual(POSTGRES_MAJORS);
  for (const cells of rows) {
    expect(cells.slice(2, -2).every((cell) => /^\d+ commands$/.test(cell))).toBe(true);
    expect(cells.at(-2)).toBe(POSTGRES_MAJORS.join(', '));
  }
});

it('docs/support.md has the settings that were tried; else run: npm run test:sessions', () => {
  const list = /<!-- sessions -->\n([\s\S]*)<!-- \/sessions -->/.exec(page)?.[1] ?? '';
  const tried = new Set([...list.matchAll(/^- `(\w+) = .+`$/gm)].map(([, name]) => name));
  const relied = Object.keys(RELIED_ON).filter((name) => !tried.has(name));
  expect({ relied, tried: tried.has('search_path') }).toEqual({ relied: [], tried: true });
});

it('docs and package.json name the versions that are tested', () => {
  const [oldest, newest] = [POSTGRES_MAJORS[0], POSTGRES_MAJORS.at(-1)];
  const { engines } = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(engines.node).toMatch(new RegExp(`^>=${NODE_MAJORS[0]}\\.`));
  for (const file of ['README.md', 'docs/support.md'])
    expect(readFileSync(file, 'utf8')).toContain(`PostgreSQL ${oldest} to ${newest}`);
});
