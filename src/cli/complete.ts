import { kebab } from '../util/text.ts';
import { aliasesIn } from './aliases.ts';
import type { Command, Verbs } from './command.ts';
import { positionals, readCommandLine } from './command-line.ts';
import { flagsOf } from './entries.ts';
import type { Param } from './flags.ts';
import { GLOBAL_FLAGS, type Globals } from './globals.ts';
import { letterOf, longFlags } from './short-flags.ts';

/** What a word can become. */
export interface Suggestion {
  value: string;
  description: string;
}

/** What can be the last word of a command line. */
export interface Completion {
  suggestions: Suggestion[];
  /** A value that no list of words knows. */
  open?: OpenValue;
  /** The global flags of the line. */
  globals: Globals;
}

/** A value of which only what stands for it in help is known: `USER`, `FILE`. */
export interface OpenValue {
  placeholder: string;
  typed: string;
  /** What stands before it in the same word: `--user=`. */
  before: string;
}

type Found = Omit<Completion, 'globals'>;

const NOTHING: Found = { suggestions: [] };

/**
 * What the last of these words, which follow the name of the program, can become: nouns and verbs, flags, the words
 * that a parameter takes, columns. Loads the tables and the one verb on its path; never throws for what the words say.
 */
export async function complete(nouns: Verbs, words: readonly string[]): Promise<Completion> {
  const typed = words.at(-1) ?? '';
  const earlier = words.slice(0, -1).flatMap(longFlags);
  const { command, table, globals, rest, help } = await readCommandLine(nouns, earlier);
  const verb = help ? undefined : command;
  const found =
    flagValue(earlier.at(-1), typed, verb) ??
    flags(typed, earlier, verb) ??
    named(typed, table) ??
    argument(typed, rest, verb);
  return { ...found, globals };
}

/** The value of a flag, where one is being typed: after `--flag` as a word, or after its `=`. */
function flagValue(previous = '', word: string, verb: Command | undefined): Found | undefined {
  const equals = word.startsWith('--') ? word.indexOf('=') + 1 : 0;
  const flag = equals === 0 ? previous : word.slice(0, equals - 1);
  const [before, typed] = [word.slice(0, equals), word.slice(equals)];
  if (flag === '--columns' || flag === '--json') return columns(typed, before, verb);
  const own = Object.entries(verb ? flagsOf(verb) : {}).find(([name]) => `--${kebab(name)}` === flag)?.[1];
  if (own) return own.placeholder === undefined ? undefined : paramValue(own, typed, before);
  const placeholder = GLOBALS.find(({ name }) => `--${name}` === flag)?.value;
  return placeholder === undefined
    ? undefined
    : { ...NOTHING, open: { placeholder: placeholder.toUpperCase(), typed, before } };
}

const GLOBALS = Object.entries(GLOBAL_FLAGS).map(([name, flag]) => ({
  name,
  help: flag.help,
  value: 'value' in flag ? flag.value.replace(/[<>]/g, '') : undefined,
}));

/** Columns of the verb, as a list with commas. */
function columns(text: string, before: string, verb: Command | undefined): Found {
  const last = text.lastIndexOf(',') + 1;
  const [list, typed] = [text.slice(0, last), text.slice(last)];
  const given = new Set(list.split(','));
  const left = Object.entries(verb?.fields ?? {}).filter(([name]) => !given.has(name));
  return suggest(
    left.map(([name, { type }]) => ({ value: name, description: type })),
    typed,
    before + list,
  );
}

/** Flags that are not on the line yet, where one is being typed. */
function flags(typed: string, earlier: readonly string[], verb: Command | undefined): Found | undefined {
  if (!typed.startsWith('-')) return undefined;
  const own = Object.entries(verb?.flags ?? {}).map(([name, { help }]) => ({ name: kebab(name), help }));
  const given = new Set(earlier.map((word) => word.split('=')[0]));
  const left = [...own, ...GLOBALS].filter(({ name }) => name === 'confirm' || !given.has(`--${name}`));
  const letters = left.flatMap(({ name, help }) => {
    const letter = letterOf(name);
    return letter === undefined ? [] : [{ value: `-${letter}`, description: help }];
  });
  const long = left.map(({ name, help }) => ({ value: `--${name}`, description: help }));
  const found = suggest(long, typed);
  // In either case of letters another flag is meant.
  return { suggestions: [...letters.filter(({ value }) => value.startsWith(typed)), ...found.suggestions] };
}

/** Nouns or verbs, where a table has one; undefined where an argument may be meant. */
function named(typed: string, table: Verbs | undefined): Found | undefined {
  // An alias stands in nobody's way: it is offered where it is being typed.
  const entries = Object.entries(table ?? {}).concat(typed === '' ? [] : aliasesIn(table ?? {}));
  const found = suggest(
    entries.map(([value, { summary }]) => ({ value, description: summary })),
    typed,
  );
  return found.suggestions.length > 0 ? found : undefined;
}

/** The next argument of the verb. */
function argument(typed: string, rest: readonly string[], verb: Command | undefined): Found {
  const args = Object.values(verb?.args ?? {});
  const given = verb ? positionals(rest, flagsOf(verb)).length : 0;
  const next = args[given] ?? args.find(({ many }) => many);
  return next ? paramValue(next, typed, '') : NOTHING;
}

function paramValue({ choices, several, placeholder = '' }: Param, text: string, start: string): Found {
  // Of several values the last is being typed.
  const last = several ? text.lastIndexOf(',') + 1 : 0;
  const [typed, before] = [text.slice(last), start + text.slice(0, last)];
  if (!choices) return { ...NOTHING, open: { placeholder, typed, before } };
  const given = new Set(text.slice(0, last).split(','));
  const left = choices.filter((value) => !given.has(value));
  return suggest(
    left.map((value) => ({ value, description: '' })),
    typed,
    before,
  );
}

/** Those that begin with what is typed, in any case of letters, and what stands before it. */
function suggest(all: readonly Suggestion[], typed: string, before = ''): Found {
  const start = typed.toLowerCase();
  return {
    suggestions: all
      .filter(({ value }) => value.toLowerCase().startsWith(start))
      .map(({ value, description }) => ({ value: before + value, description })),
  };
}
