import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const pages = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];
const matches = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, found = '']) => found);

describe.each(pages)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('links to pages that exist', () => {
    const links = matches(text, /\]\((?!https?:|#)([^)#]+)/g);
    expect(links.filter((link) => !existsSync(join(dirname(page), link)))).toEqual([]);
  });

  it('names files that exist', () => {
    const paths = matches(text, /`((?:src|test|scripts|bench|migrations)\/[\w./-]+)`/g);
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  const text = readFileSync('docs/architecture.md', 'utf8');

  it('has every group of the ladder', () => {
    const groups = readdirSync('src').filter((name) => !/navigator|globals/.test(name));
    expect(groups.filter((name) => !text.includes(`\`src/${name}\``))).toEqual([]);
  });

  it.each(
    [...text.matchAll(/^\| \d+ \| ([^|]+) \| ([^|]+) \|/gm)].map(([, functions = '', files = '']) => ({
      functions: matches(functions, /`(\w+)`/g),
      files: matches(files, /`([^`]+)`/g),
    })),
  )('finds $functions in $files', ({ functions, files }) => {
    const code = files.map((file) => readFileSync(file, 'utf8')).join('\n');
    const missing = functions.filter(
      (name) => !new RegExp(`export (async )?(function|const) ${name}\\b`).test(code),
    );
    expect(missing).toEqual([]);
  });
});
