import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** A file imports only from its own group and from the groups before it. */
const LADDER = [
  'util',
  'domain',
  'cli',
  'platform',
  'audit',
  'context.ts',
  'trading',
  'projection',
  'operations',
  'commands',
  'runtime',
  'program.ts',
  'main.ts',
];
/** Ambient declarations, and what main.ts loads before anything else. */
const OUTSIDE = ['globals.d.ts', 'navigator-stub.ts'];
/** Verbs whose use case still has to be taken out. */
const WITH_MORE_IMPORTS = [
  'commands/doctor/realtime.ts',
  'commands/retention/run.ts',
  'commands/realtime/rebuild.ts',
];
const PURE_PACKAGES = ['zod', 'zod/mini', 'big.js', 'ulid'];

interface Source {
  path: string;
  text: string;
  /** What it imports of ours, statically or not, types too: paths from the root of the tree. */
  imports: string[];
  packages: string[];
}

function sourceOf(path: string, text: string): Source {
  const names = [...text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map(([, name = '']) => name);
  const ours = names.filter((name) => name.startsWith('.'));
  return {
    path,
    text,
    imports: ours.map((name) => join(dirname(path), name)),
    packages: names.filter((name) => !name.startsWith('.')),
  };
}

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => sourceOf(path, readFileSync(join('src', path), 'utf8')));

const groupOf = (path: string) => path.split('/')[0] ?? '';
/** A file beside the folders is a place of its own. */
const folderOf = (path: string) => (path.includes('/') ? dirname(path) : path);
const nounOf = (path: string) => path.split('/')[1] ?? '';
const isVerb = ({ text }: Source) => /defineCommand\(\{/.test(text);
const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');

function reachable(graph: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> {
  const found = new Set<string>();
  const open = [...(graph.get(from) ?? [])];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (found.has(node)) continue;
    found.add(node);
    open.push(...(graph.get(node) ?? []));
  }
  return found;
}

/** Every group of nodes that reach each other, sorted and joined. */
function cycles(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const reach = new Map([...graph.keys()].map((node) => [node, reachable(graph, node)]));
  const groups = [...reach]
    .filter(([node, found]) => found.has(node))
    .map(([node, found]) => [...found].filter((other) => reach.get(other)?.has(node)).sort());
  return [...new Set(groups.map((group) => group.join(' <-> ')))];
}

function graphOf(sources: readonly Source[], nameOf: (path: string) => string) {
  const graph = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const from = nameOf(path);
    const targets = graph.get(from) ?? new Set();
    for (const to of imports.map(nameOf)) if (to !== from) targets.add(to);
    graph.set(from, targets);
  }
  return graph;
}

const RULES: Record<string, (sources: readonly Source[]) => string[]> = {
  'every file stands in a group of the ladder': (sources) =>
    sources
      .map(({ path }) => path)
      .filter((path) => !LADDER.includes(groupOf(path)) && !OUTSIDE.includes(path)),
  'a file imports only from its own group and from those before it': (sources) =>
    sources.flatMap(({ path, imports }) =>
      imports
        .filter((to) => LADDER.indexOf(groupOf(to)) > LADDER.indexOf(groupOf(path)))
        .map((to) => `${path} imports ${to}`),
    ),
  'no circle of files': (sources) => cycles(graphOf(sources, (path) => path)),
  'no circle of folders': (sources) => cycles(graphOf(sources, folderOf)),
  'domain imports util and pure packages only': (sources) =>
    sources
      .filter(({ path }) => groupOf(path) === 'domain')
      .flatMap(({ path, packages }) =>
        packages.filter((name) => !PURE_PACKAGES.includes(name)).map((name) => `${path} imports ${name}`),
      ),
  'no noun imports the verbs of another': (sources) =>
    sources
      .filter(({ path }) => groupOf(path) === 'commands')
      .flatMap(({ path, imports }) =>
        imports
          .filter((to) => groupOf(to) === 'commands' && ![nounOf(path), '_shared'].includes(nounOf(to)))
          .map((to) => `${path} imports ${to}`),
      ),
  'a verb is imported by the table of its noun, or of all nouns, only': (sources) => {
    const verbs = new Set(sources.filter(isVerb).map(({ path }) => path));
    return sources
      .filter(({ path }) => !path.endsWith('/command.ts') && path !== 'program.ts')
      .flatMap(({ path, imports }) =>
        imports.filter((to) => verbs.has(to)).map((to) => `${path} imports ${to}`),
      );
  },
  'a verb has at most one lazy import: its use case': (sources) =>
    sources
      .filter((source) => isVerb(source) && !WITH_MORE_IMPORTS.includes(source.path))
      .filter(({ text }) => [...withoutComments(text).matchAll(/\bimport\(/g)].length > 1)
      .map(({ path }) => path),
  'process, console and the clock appear only at the edge': (sources) => {
    // A lock file is about processes: whether its holder lives, and how old a guard is.
    const edge = ['main.ts', 'cli/io.ts', 'platform/files/lock-file.ts'];
    return sources
      .filter(({ path, text }) => {
        const usesEdge = /\b(process|console)\.|Date\.now\(|new Date\(\)/.test(withoutComments(text));
        return usesEdge && !edge.includes(path) && groupOf(path) !== 'runtime';
      })
      .map(({ path }) => path);
  },
  // Of a package that is imported whole everything is bundled into the chunk that every command loads.
  'a package that commands need parts of is not imported whole': (sources) =>
    sources
      .filter(({ text }) => /\bimport\('(kysely|zod)/.test(withoutComments(text)))
      .map(({ path }) => path),
  'no file is long enough to have two reasons to change': (sources) =>
    sources.filter(({ text }) => text.split('\n').length > 300).map(({ path }) => path),
  'a name is exported as itself: no default export, no barrel': (sources) =>
    sources
      .filter(({ text }) => /^export (default|\*|\{[^}]*\} from)/m.test(withoutComments(text)))
      .map(({ path }) => path),
};

describe('the layers of src', () => {
  it.each(Object.entries(RULES))('%s', (_name, violations) => {
    expect(violations(sources)).toEqual([]);
  });
});

/** The real tree with files of ours in place of, or beside, its own. */
function seeded(files: Readonly<Record<string, string>>): Source[] {
  const added = Object.entries(files).map(([path, text]) => sourceOf(path, text));
  return [...sources.filter(({ path }) => !(path in files)), ...added];
}

describe('the rules find', () => {
  const seeds: [string, string, Record<string, string>][] = [
    [
      'an import from a group above',
      'a file imports only from its own group and from those before it',
      { 'domain/seed.ts': "import type { Context } from '../context.ts';" },
    ],
    [
      'a lazy import from a group above',
      'a file imports only from its own group and from those before it',
      { 'audit/seed.ts': "const load = () => import('../trading/orders/store.ts');" },
    ],
    [
      'a circle of two files',
      'no circle of files',
      { 'util/a.ts': "import { b } from './b.ts';", 'util/b.ts': "import type { A } from './a.ts';" },
    ],
    [
      'a circle of folders without one of files',
      'no circle of folders',
      {
        'trading/a/one.ts': "import { x } from '../b/one.ts';",
        'trading/b/one.ts': '',
        'trading/b/two.ts': "import { x } from '../a/two.ts';",
        'trading/a/two.ts': '',
      },
    ],
    [
      'a database driver in a pure rule',
      'domain imports util and pure packages only',
      { 'domain/seed.ts': "import { sql } from 'kysely';" },
    ],
    [
      'a verb that reaches into another noun',
      'no noun imports the verbs of another',
      { 'commands/order/seed.ts': "import { x } from '../risk/fields.ts';" },
    ],
    [
      'a verb that puts its use case together itself',
      'a verb has at most one lazy import: its use case',
      {
        'commands/order/seed.ts':
          "export const seed = defineCommand({ run: () => [import('../../a.ts'), import('../../b.ts')] });",
      },
    ],
    [
      'a clock in a rule',
      'process, console and the clock appear only at the edge',
      { 'domain/seed.ts': 'export const at = Date.now();' },
    ],
    [
      'a lazy import of all of Kysely',
      'a package that commands need parts of is not imported whole',
      { 'trading/orders/seed.ts': "const load = () => import('kysely');" },
    ],
    [
      'a folder without a place',
      'every file stands in a group of the ladder',
      { 'helpers/seed.ts': 'export const x = 1;' },
    ],
  ];

  it.each(seeds)('%s', (_what, rule, files) => {
    expect(RULES[rule]?.(seeded(files))).toHaveLength(1);
  });
});
