import { wrapped } from '../cli/charts/terminal.ts';
import type { Program } from '../cli/command.ts';
import { exitCodes, type NounNode, programTree, type VerbNode } from '../cli/describe.ts';
import { EXITS } from '../util/exit-codes.ts';
import { usage } from '../util/failure.ts';
import { closestMatch, safeJson } from '../util/text.ts';
import { FORMATS } from './formats.ts';

type Row = Readonly<Record<string, string | number>>;

/** A help topic other than a command: rows of a name and its meaning, or paragraphs. */
interface Topic {
  about: string;
  load: () => Promise<readonly Row[] | string>;
}

const TOPICS: Readonly<Record<string, Topic>> = {
  topics: {
    about: 'these topics',
    load: async () => Object.entries(TOPICS).map(([name, { about }]) => ({ topic: name, about })),
  },
  'exit-codes': {
    about: 'what a command ends with',
    load: async () => exitCodes().map(({ exit, kind, meaning }) => ({ exit, meaning, kind })),
  },
  'error-codes': { about: 'the codes of errors with --json', load: errorCodes },
  environment: { about: 'every variable that is read, colours and pager among them', load: environment },
  formats: { about: 'all of what follows', load: async () => everyFormat() },
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([name, { about, text }]) => [name, { about, load: async () => text }]),
  ),
};

/** By a word that many would try: the topic that may be meant. */
const SAME: Readonly<Record<string, string>> = {
  ...{ json: 'output', csv: 'output', text: 'output', columns: 'tables', ids: 'tables', less: 'pager' },
  ...{ errors: 'failures', rupees: 'money', prices: 'money', amounts: 'money' },
  ...{
    dates: 'times',
    date: 'times',
    time: 'times',
    days: 'times',
    timestamps: 'times',
    'time-zones': 'times',
  },
  ...{ imports: 'files', sort: 'sorting', limit: 'pages', pagination: 'pages', cursors: 'pages' },
  ...{ colors: 'environment', colours: 'environment', color: 'environment', colour: 'environment' },
  ...{ env: 'environment', variables: 'environment', codes: 'exit-codes', exit: 'exit-codes' },
};

/** Prose is hard to read in longer lines. */
const MAX_COLUMNS = 100;

/**
 * The help on the words after `help`, in lines of at most so many columns; undefined if they name a command, which has its own
 * --help. Throws a usage error for a word that is almost a topic.
 */
export async function topic(
  names: readonly string[],
  asJson: boolean,
  program: Program,
  columns: number,
): Promise<string | undefined> {
  const [first, ...more] = names;
  if (first === undefined) return asJson ? json(await programTree(program)) : undefined;
  const found = more.length === 0 && Object.hasOwn(TOPICS, first) ? await TOPICS[first]?.load() : undefined;
  if (found !== undefined) return asJson ? json(found) : asText(found, Math.min(columns, MAX_COLUMNS));
  if (asJson) return json(await nodeOf(program, names));
  if (Object.hasOwn(program.nouns, first)) return undefined;
  const guess = Object.hasOwn(SAME, first) ? SAME[first] : closestMatch(first, Object.keys(TOPICS));
  if (guess) throw usage(`There is no help on ${first}; did you mean ${guess}?`, 'See: pinnacle help topics');
  return undefined;
}

/** The forms of everything, each under its name. */
function everyFormat(): string {
  return Object.entries(FORMATS)
    .map(([name, { text }]) => `${name.toUpperCase()}: ${text}`)
    .join('\n\n');
}

async function errorCodes(): Promise<readonly Row[]> {
  const { ERROR_CODES } = await import('../util/error-codes.ts');
  return Object.entries(ERROR_CODES).map(([code, [kind, meaning]]) => ({
    code,
    meaning,
    kind,
    exit: EXITS[kind][0],
  }));
}

const json = (value: unknown) => safeJson(value, 2);

async function nodeOf(program: Program, names: readonly string[]): Promise<NounNode | VerbNode> {
  type Node = { commands: (NounNode | VerbNode)[] } | VerbNode;
  let node: Node = await programTree(program);
  for (const name of names) {
    const children: (NounNode | VerbNode)[] = 'commands' in node ? node.commands : [];
    const next = children.find((child) => child.name === name);
    if (!next) throw usage(`There is no command ${names.join(' ')}.`, `See: ${program.name} help`);
    node = next;
  }
  return node as NounNode | VerbNode;
}

function asText(found: readonly Row[] | string, columns: number): string {
  if (typeof found === 'string')
    return found
      .split('\n\n')
      .map((paragraph) => wrapped(paragraph.replaceAll('\n', ' '), columns).join('\n'))
      .join('\n\n');
  const lines = found.map((row) => Object.values(row).slice(0, 2).map(String));
  const width = Math.max(...lines.map(([name = '']) => name.length));
  return lines.map(([name = '', meaning = '']) => `  ${name.padEnd(width)}  ${meaning}`).join('\n');
}

async function environment(): Promise<readonly Row[]> {
  const { SETTINGS } = await import('../platform/config/settings.ts');
  const { OTHER_VARIABLES } = await import('../platform/config/variables.ts');
  const settings = Object.entries(SETTINGS).flatMap(([setting, { env, help }]) =>
    env.map((variable) => ({ variable, meaning: help, setting })),
  );
  const others = Object.entries(OTHER_VARIABLES).map(([variable, meaning]) => ({ variable, meaning }));
  return [...settings, ...others];
}
