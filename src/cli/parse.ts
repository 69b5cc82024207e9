import { Command as Commander, CommanderError, Option } from 'commander';
import type { Command, Invocation, Noun, Verb, Verbs } from './command.ts';
import { usage } from './errors.ts';
import type { Param } from './flags.ts';
import { GLOBAL_FLAGS, type Globals } from './globals.ts';

export interface Program {
  name: string;
  summary: string;
  footer: string;
  nouns: Verbs;
}

/** What a command line comes to: a verb to run, or help to show (as an error where a verb was missing). */
export type Parsed = { run: Invocation } | { help: string; missing: boolean };

/**
 * Understands a command line, loading only the tables and the one verb on its path. Global flags may stand
 * anywhere. Throws a usage error, with a suggestion where a word is nearly right.
 */
export async function parse(program: Program, argv: readonly string[], columns: number): Promise<Parsed> {
  const { path, rest } = await split(program.nouns, argv);
  let help = '';
  const collect = (text: string) => {
    help += text;
  };
  let invocation: Invocation | undefined;
  const root = new Commander(program.name)
    .description(program.summary)
    .addHelpText('after', `\n${program.footer}`);
  root.configureOutput({
    writeOut: collect,
    writeErr: collect,
    outputError: () => {},
    getOutHelpWidth: () => columns,
    getErrHelpWidth: () => columns,
  });
  root.exitOverride().helpCommand('help [command]', 'show help for a command or a topic');
  root.helpOption('-h, --help', 'show this help');
  await grow(root, program.nouns, path, [], (found) => {
    invocation = found;
  });
  try {
    await root.parseAsync([...path, ...rest], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help, missing: false };
    if (error.code === 'commander.help') return { help, missing: true };
    throw usage(complaint(error), `See: ${[program.name, ...path].join(' ')} --help`);
  }
  return invocation ? { run: invocation } : { help, missing: true };
}

function complaint(error: CommanderError): string {
  const text = error.message.replace(/^error: /, '').replace('\n(Did you mean', ' (did you mean');
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}

/** The words that name a verb, and everything else in its order. */
async function split(nouns: Verbs, argv: readonly string[]): Promise<{ path: string[]; rest: string[] }> {
  const path: string[] = [];
  const rest: string[] = [];
  let table: Verbs | undefined = nouns;
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? '';
    const node = lookUp(table, word);
    if (node) {
      path.push(word);
      table = 'verbs' in node ? await node.verbs() : undefined;
    } else if (table && word.startsWith('--') && takesValue(word)) {
      rest.push(word, ...argv.slice(i + 1, i + 2));
      i++;
    } else {
      rest.push(word);
      if (!word.startsWith('-')) table = undefined;
    }
  }
  return { path, rest };
}

function lookUp(table: Verbs | undefined, word: string): Verb | Noun | undefined {
  return table && Object.hasOwn(table, word) ? table[word] : undefined;
}

function takesValue(word: string): boolean {
  const flag = GLOBAL_FLAGS[word.slice(2) as keyof typeof GLOBAL_FLAGS];
  return flag !== undefined && 'value' in flag && flag.value.startsWith('<');
}

async function grow(
  parent: Commander,
  table: Verbs,
  path: readonly string[],
  trail: readonly string[],
  found: (invocation: Invocation) => void,
): Promise<void> {
  for (const [name, node] of Object.entries(table)) {
    const child = parent.command(name).description(node.summary).helpOption('-h, --help', 'show this help');
    if ('verbs' in node) child.usage('<command> [flags]').helpCommand(false);
    if (name !== path[0]) continue;
    const here = [...trail, name];
    if ('verbs' in node) await grow(child, await node.verbs(), path.slice(1), here, found);
    else dress(child, await node.load(), here, found);
  }
}

/** Gives a commander command the arguments, flags, examples and action of a verb. */
function dress(
  leaf: Commander,
  command: Command,
  path: readonly string[],
  found: (invocation: Invocation) => void,
): void {
  // Arguments are optional to commander: what is missing is asked for on a terminal.
  for (const [name, param] of Object.entries(command.args))
    leaf.argument(`[${param.placeholder ?? name}]`, describe(param));
  for (const [name, param] of Object.entries(command.flags)) {
    const flag = `--${kebab(name)}${param.placeholder ? ` <${param.placeholder}>` : ''}`;
    leaf.addOption(new Option(flag, describe(param)));
  }
  leaf.optionsGroup('Global flags:');
  for (const [name, flag] of Object.entries(GLOBAL_FLAGS)) {
    leaf.addOption(new Option(`--${name}${'value' in flag ? ` ${flag.value}` : ''}`, flag.help));
  }
  leaf.usage(usageLine(command));
  if (command.details) leaf.addHelpText('before', '').addHelpText('after', `\n${command.details}`);
  leaf.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((line) => `  $ pinnacle ${line}`).join('\n')}`,
  );
  leaf.action((...given: unknown[]) => {
    const words = given.slice(0, Object.keys(command.args).length) as (string | undefined)[];
    const options = leaf.opts();
    const globals = options as Globals;
    found(untangleJson({ path, command, words, options, globals }));
  });
}

/** `order show --json ord_1`: a word after --json that names no column is the argument that is missing. */
function untangleJson(invocation: Invocation): Invocation {
  const { command, words, globals } = invocation;
  const value = globals.json;
  const hole = words.indexOf(undefined);
  if (typeof value !== 'string' || hole < 0) return invocation;
  if (value.split(',').every((name) => Object.hasOwn(command.fields, name))) return invocation;
  return { ...invocation, words: words.with(hole, value), globals: { ...globals, json: true } };
}

function usageLine(command: Command): string {
  const args = Object.entries(command.args).map(([name, param]) => bracket(param.placeholder ?? name, param));
  const flags = Object.entries(command.flags)
    .filter(([, param]) => param.required)
    .map(([name, param]) => `--${kebab(name)} ${param.placeholder}`);
  return [...args, ...flags, '[flags]'].join(' ');
}

const bracket = (name: string, param: Param) => (param.required ? name : `[${name}]`);

function describe(param: Param): string {
  const extras = [
    param.choices ? param.choices.join(' | ') : '',
    param.fallback !== undefined ? `default ${param.fallback}` : '',
  ].filter((extra) => extra !== '');
  return extras.length > 0 ? `${param.help} (${extras.join('; ')})` : param.help;
}

/** `userId` as it is written on a command line: `user-id`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
