import { EXITS } from '../util/exit-codes.ts';
import { kebab } from '../util/text.ts';
import type { Command, Program, Verbs } from './command.ts';
import type { Params } from './flags.ts';
import { GLOBAL_FLAGS } from './globals.ts';
import { letterOf } from './short-flags.ts';
import { usageLine } from './usage-line.ts';

interface ParamNode {
  name: string;
  /** What stands for the value; null for a switch. */
  value: string | null;
  help: string;
  required: boolean;
  /** The flag that makes this one dispensable. */
  unless: string | null;
  choices: readonly string[] | null;
  /** Whether it takes several values, with commas between them. */
  several: boolean;
  default: string | null;
}

/** A verb as `help --json` describes it. */
export interface VerbNode {
  name: string;
  /** All words that name it: `order place`. */
  path: string;
  summary: string;
  details: string | null;
  effect: Command['effect'];
  phase: number | null;
  usage: string;
  args: ParamNode[];
  flags: (ParamNode & { short: string | null })[];
  fields: { name: string; type: string; hidden: boolean }[];
  examples: readonly string[];
}

/** A noun, or a group of verbs within one. */
export interface NounNode {
  name: string;
  path: string;
  summary: string;
  commands: (NounNode | VerbNode)[];
}

/** The whole command tree as data; loads every verb. */
export async function programTree(program: Program) {
  return {
    name: program.name,
    summary: program.summary,
    commands: await nodes(program.nouns, [program.name]),
    global_flags: Object.entries(GLOBAL_FLAGS).map(([name, flag]) => ({
      name,
      short: letterOf(name) ?? null,
      value: 'value' in flag ? flag.value : null,
      help: flag.help,
    })),
    exit_codes: exitCodes(),
  };
}

/** Every exit code and its meaning. */
export function exitCodes() {
  const failures = Object.entries(EXITS).map(([kind, [exit, meaning]]) => ({
    exit: exit as number,
    kind,
    meaning,
  }));
  return [{ exit: 0, kind: 'done', meaning: 'done; nothing found; already so' }, ...failures];
}

async function nodes(table: Verbs, trail: readonly string[]): Promise<(NounNode | VerbNode)[]> {
  return Promise.all(
    Object.entries(table).map(async ([name, node]) => {
      const words = [...trail, name];
      const face = { name, path: words.slice(1).join(' '), summary: node.summary };
      if ('verbs' in node) {
        const own = node.own && describeVerb(await node.own.load(), words);
        return { ...face, ...own, commands: await nodes(await node.verbs(), words) };
      }
      return { ...face, ...describeVerb(await node.load(), words) };
    }),
  );
}

function describeVerb(command: Command, words: readonly string[]) {
  return {
    details: command.details ?? null,
    effect: command.effect,
    phase: command.phase ?? null,
    usage: [...words, usageLine(command)].join(' '),
    args: params(command.args, (name, value) => value ?? name),
    flags: params(command.flags, (name) => kebab(name)).map((flag) => ({
      ...flag,
      short: letterOf(flag.name) ?? null,
    })),
    fields: Object.entries(command.fields).map(([name, { type, hidden }]) => ({
      name,
      type,
      hidden: Boolean(hidden),
    })),
    examples: command.examples.map((line) => `${words[0]} ${line}`),
  };
}

function params(all: Params, nameOf: (name: string, value: string | undefined) => string): ParamNode[] {
  return Object.entries(all).map(([name, param]) => ({
    name: nameOf(name, param.placeholder),
    value: param.placeholder ?? null,
    help: param.help,
    required: param.required,
    unless: param.unless === undefined ? null : kebab(param.unless),
    choices: param.choices ?? null,
    several: param.several === true,
    default: param.fallback ?? null,
  }));
}
