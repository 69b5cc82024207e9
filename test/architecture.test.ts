import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path));

/** The files of ours that a file imports, statically or not; types too. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, path = '']) =>
    relative('.', join(dirname(file), path)),
  );
}

const roomOf = (file: string) => file.split('/').slice(0, -1).join('/');
const NOUNS = [
  'user',
  'strategy',
  'order',
  'position',
  'session',
  'risk',
  'notification',
  'market',
  'doctor',
  'keys',
  'access',
  'schedule',
].map((noun) => `src/${noun}`);
const isVerb = (file: string) => /defineCommand\(\{/.test(readFileSync(file, 'utf8'));

describe('who may import whom', () => {
  const rules: [string, (file: string) => boolean, (imported: string) => boolean][] = [
    ['util imports only util', (file) => roomOf(file) === 'src/util', (to) => roomOf(to) === 'src/util'],
    [
      'cli imports only cli and util',
      (file) => roomOf(file) === 'src/cli',
      (to) => ['src/cli', 'src/util'].includes(roomOf(to)),
    ],
    [
      'db imports only util and the errors of cli',
      (file) => roomOf(file) === 'src/db',
      (to) => ['src/db', 'src/util'].includes(roomOf(to)) || to === 'src/util/failure.ts',
    ],
    [
      'no verb is imported but by the table of its own noun, or of all nouns',
      (file) => !file.endsWith('/command.ts') && file !== 'src/program.ts',
      (to) => !isVerb(to) || to.endsWith('/command.ts'),
    ],
    [
      'the ledger imports no noun but the store of users',
      (file) => roomOf(file) === 'src/ledger',
      (to) => !NOUNS.includes(roomOf(to)) || to === 'src/trading/users/store.ts',
    ],
  ];

  it.each(rules)('%s', (_rule, applies, allows) => {
    const broken = files.filter(applies).flatMap((file) =>
      importsOf(file)
        .filter((to) => !allows(to))
        .map((to) => `${file} imports ${to}`),
    );
    expect(broken).toEqual([]);
  });

  it('process, console and the clock appear only at the edge', () => {
    // A lock file is about processes: whether its holder lives, and how old a guard is.
    const edge = ['src/main.ts', 'src/cli/io.ts', 'src/context.ts', 'src/platform/files/lock-file.ts'];
    const code = (file: string) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
    const broken = files.filter(
      (file) => !edge.includes(file) && /\b(process|console)\.|Date\.now\(|new Date\(\)/.test(code(file)),
    );
    expect(broken).toEqual([]);
  });

  it('no file is long enough to have two reasons to change', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 300);
    expect(long).toEqual([]);
  });
});
