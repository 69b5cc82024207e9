import { kebab } from '../util/text.ts';
import { lookUp } from './aliases.ts';
import type { Command, Noun, Verb, Verbs } from './command.ts';
import { argumentsOf, flagsOf } from './entries.ts';
import type { Param, Params } from './flags.ts';
import { type Globals, isGlobal, matchGlobal, setGlobal } from './globals.ts';
import { longFlags } from './short-flags.ts';

/** A command line, read once. */
export interface CommandLine {
  /** Whether it begins with `help`; it then ends with `--help` instead. */
  help: boolean;
  /** The words that name a verb, or a noun where no verb follows. */
  path: string[];
  /** The verb that the path names. A noun has one only if it does something by itself. */
  command: Command | undefined;
  /** What may follow the path: the table beneath a noun; undefined beneath a verb. */
  table: Verbs | undefined;
  /** The global flags, wherever they stand. */
  globals: Globals;
  /** A global flag with one value that was given twice. */
  repeated: string | undefined;
  /** All other words in their order: arguments and flags of the verb, or what names nothing. */
  rest: string[];
}

const VERSION = new Set(['--version', '-V', '-v']);

/** The state of the reading. */
interface Reading {
  words: string[];
  globals: Globals;
  rest: string[];
  repeated?: string | undefined;
  /** A word after --json that may be its value or an argument, and its index in `rest` in that case. */
  ambiguous?: { word: string; at: number } | undefined;
}

/**
 * Reads a command line, loading only the tables and the one verb on its path. Never throws for what is wrong with
 * the words: that is left in `rest` for commander.
 */
export async function readCommandLine(nouns: Verbs, argv: readonly string[]): Promise<CommandLine> {
  const reading: Reading = { words: [...argv], globals: { color: true, pager: true, input: true }, rest: [] };
  const { globals, rest } = reading;
  const { path, verb, table, help, isWhole } = await takePath(reading, nouns, takeHelp(reading.words));
  const command = await verb?.load();
  const args = takeRest(reading, command);
  const { ambiguous } = reading;
  if (ambiguous && command && isArgument(ambiguous.word, command, args)) {
    rest.splice(ambiguous.at, 0, ambiguous.word);
    globals.json = true;
  }
  if (globals.jq !== undefined) globals.json ??= true;
  if (help) rest.push('--help');
  return {
    help,
    path,
    command,
    table,
    globals,
    repeated: reading.repeated,
    rest: isWhole ? rest : unknownWords(rest),
  };
}

/** Follows the words down the tables to a verb, or to the first word that is in no table. */
async function takePath(reading: Reading, nouns: Verbs, help: boolean) {
  const { words, rest } = reading;
  // With a flag beside it: alone, it is answered before this is loaded.
  if (VERSION.has(words[0] ?? '')) words[0] = 'version';
  const path: string[] = [];
  // `order help place` is `help order place`.
  let isAsked = help;
  let table: Verbs | undefined = nouns;
  let verb: Verb | undefined;
  for (let word = words[0]; table && word !== undefined; word = words[0]) {
    const known: Verbs = table;
    const found = lookUp(known, word);
    if (found) {
      path.push(found.name);
      words.shift();
      [verb, table] = await enter(found.node);
    } else if (word === 'help' && path.length > 0) isAsked = words.shift() !== undefined;
    else if (!word.startsWith('-')) break;
    else if (!takeGlobal(reading, (next) => !help && !lookUp(known, next))) rest.push(...words.splice(0, 1));
  }
  return {
    path,
    verb,
    table,
    help: isAsked,
    isWhole: table === undefined || (verb !== undefined && words.length === 0),
  };
}

/** The verb that a node of the tables is or has, and the table beneath it. */
async function enter(node: Verb | Noun): Promise<[Verb | undefined, Verbs | undefined]> {
  return 'verbs' in node ? [node.own, await node.verbs()] : [node, undefined];
}

/** Consumes all other words, and counts the arguments among them. */
function takeRest(reading: Reading, command: Command | undefined): number {
  const { words, rest } = reading;
  let args = 0;
  while (words.length > 0) {
    if (takeGlobal(reading, () => true)) continue;
    const word = words.shift() ?? '';
    rest.push(word);
    if (word === '--') {
      rest.push(...words);
      return args + words.splice(0).length;
    }
    const param = command && flagOf(command, word);
    if (!isFlag(word)) args++;
    else if (param?.alone !== undefined) rest.push(`${rest.pop()}=${takeValue(words, param)}`);
    else if (param?.placeholder !== undefined) rest.push(...words.splice(0, 1));
  }
  return args;
}

/** The value of a flag that may stand alone: the next word, if it can be one. */
function takeValue(words: string[], { schema, alone }: Param): string | undefined {
  return schema.safeParse(words[0] ?? '').success ? words.shift() : alone;
}

/** Consumes the next word if it is a global flag. */
function takeGlobal(reading: Reading, isValue: (next: string) => boolean): boolean {
  const { words, globals, rest } = reading;
  words.splice(0, 1, ...longFlags(words[0] ?? ''));
  const found = matchGlobal(words, (next) => !isFlag(next) && isValue(next));
  if (!found) return false;
  const { name, value, length } = found;
  if (setGlobal(globals, name, value)) reading.repeated = `--${name}`;
  words.splice(0, length);
  if (name === 'json')
    reading.ambiguous = length === 2 ? { word: String(value), at: rest.length } : undefined;
  return true;
}

/** Removes a leading `help` from the words, however often it is said. */
function takeHelp(words: string[]): boolean {
  let at = 0;
  while (words[at]?.startsWith('-')) at += matchGlobal(words.slice(at), () => false)?.length ?? 1;
  const from = at;
  while (words[at] === 'help') at++;
  return words.splice(from, at - from).length > 0;
}

/** As commander sees it: a lone `-` is an argument. */
const isFlag = (word: string) => word.length > 1 && word.startsWith('-');

const flagOf = (command: Command, word: string): Param | undefined =>
  Object.entries(flagsOf(command)).find(([name]) => `--${kebab(name)}` === word)?.[1];

const flagsWithValue = (flags: Params) =>
  Object.keys(flags).flatMap((name) => (flags[name]?.placeholder === undefined ? [] : `--${kebab(name)}`));

/** Whether a word is not a list of columns but can be a missing argument. */
function isArgument(word: string, command: Command, given: number): boolean {
  const room = Object.values(argumentsOf(command)).filter((param) => !param.many).length;
  return given < room && !word.split(',').every((name) => Object.hasOwn(command.fields, name));
}

/** The remaining words if no verb is named. An unknown word is an error, even with --help. */
function unknownWords(rest: readonly string[]): string[] {
  const own = rest.filter((word) => !isGlobal(word));
  return own.some((word) => !word.startsWith('-'))
    ? own.filter((word) => word !== '--help' && word !== '-h')
    : own;
}

/** The words that are neither flags nor their values. */
export function positionals(rest: readonly string[], flags: Params): string[] {
  const valued = new Set(flagsWithValue(flags));
  return rest.filter((word, i) => !isFlag(word) && !valued.has(rest[i - 1] ?? ''));
}
