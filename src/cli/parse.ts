import { Command as Commander, CommanderError } from 'commander';
import { type Failure, usage } from '../util/failure.ts';
import { kebab, pluralize, truncate } from '../util/text.ts';
import { addCommandOptions, givenTwice } from './add-options.ts';
import type { Command, Invocation, Program, Verbs } from './command.ts';
import { type CommandLine, positionals } from './command-line.ts';
import { flagsOf } from './entries.ts';
import { isGlobal } from './globals.ts';
import { flagNames } from './short-flags.ts';

/** The result of parsing: a verb to run, or help to show (as an error if the verb is missing). */
export type Parsed = { run: Invocation } | { help: string; missing: boolean };

/**
 * Parses a command line to a verb with arguments and flags, or to the requested help. Throws a usage error, with a
 * suggestion for a mistyped word.
 */
export async function parse(program: Program, line: CommandLine, columns: number): Promise<Parsed> {
  const { path, command, globals, repeated, rest } = line;
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
  await registerPath(root, program.nouns, line, 0, (given) => {
    if (command) invocation = { path, command, ...given, globals };
  });
  try {
    await root.parseAsync([...path, ...rest], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return { help, missing: false };
    if (error.code === 'commander.help') return { help, missing: true };
    throw await misuse(program, line, error);
  }
  if (invocation && repeated !== undefined) throw givenTwice(repeated);
  return invocation ? { run: invocation } : { help, missing: true };
}

/** The usage error of words that cannot be taken. */
async function misuse(program: Program, line: CommandLine, error: CommanderError): Promise<Failure> {
  const { path, command } = line;
  if (error.code === 'commander.excessArguments' && command) return tooMany(line, command);
  const see = `See: ${[program.name, ...path].join(' ')} --help`;
  if (error.code === 'commander.unknownCommand') return unknownCommand(program, line, error, see);
  if (error.code === 'commander.unknownOption') return unknownOption(line, error, see);
  return usage(complaint(error), see);
}

/** The usage error of words that are no arguments, with the flag that the first of them fits. It may be a secret: no echo. */
function tooMany({ path, rest }: CommandLine, command: Command): Failure {
  const { args, flags } = command;
  const name = path.join(' ');
  const takes = Object.values(args).map(({ placeholder }) => placeholder);
  const words = positionals(rest, flagsOf(command));
  const fitting = Object.entries(flags).filter(
    ([flag, { placeholder, schema }]) =>
      placeholder !== undefined &&
      flag !== 'after' &&
      !rest.some((word) => word.split('=')[0] === `--${kebab(flag)}`) &&
      schema.safeParse(words[takes.length]).success,
  );
  // A list of words says more than free text.
  const [meant] = fitting.find(([, { choices }]) => choices) ?? fitting[0] ?? [];
  const guess = meant === undefined ? '' : ` Did you mean --${kebab(meant)} ${flags[meant]?.placeholder}?`;
  return usage(
    `${name} takes ${takes.length === 0 ? 'no argument' : `only ${takes.join(' ')}`}; ${pluralize(words.length - takes.length, 'word is', 'words are')} too many.${guess}`,
    `See: pinnacle ${name} --help`,
  );
}

/** The usage error of a word that names no command, with those that it may mean; else with one that is spelled much like it. */
async function unknownCommand(
  { nouns }: Program,
  { path, rest }: CommandLine,
  error: CommanderError,
  see: string,
): Promise<Failure> {
  const { meantBy } = await import('./meant.ts');
  const words = rest.filter((each) => !each.startsWith('-'));
  const meant = await meantBy(nouns, path, words);
  if (meant.length === 0) return usage(complaint(error), see);
  const which = meant.length === 1 ? meant[0] : `one of ${meant.join(', ')}`;
  return usage(`Unknown command '${truncate(words[0] ?? '')}' (did you mean ${which}?).`, see);
}

/** The usage error of a flag that there is not, with one that it may be by another name; else with one that is spelled much like it. */
async function unknownOption({ command }: CommandLine, error: CommanderError, see: string): Promise<Failure> {
  const { databaseHint, flagsMeant } = await import('./meant.ts');
  const [, flag = ''] = /'--([\w-]+)/.exec(error.message) ?? /'-(\w)'/.exec(error.message) ?? [];
  const own = new Set(Object.keys(command ? flagsOf(command) : {}).map(kebab));
  const meant = flagsMeant(flag).find((each) => own.has(each) || isGlobal(`--${each}`));
  if (meant !== undefined) return usage(`Unknown option '${nameOf(flag)}' (did you mean --${meant}?).`, see);
  return usage(complaint(error).replace(`'--${flag}'`, `'${nameOf(flag)}'`), databaseHint(flag) ?? see);
}

const nameOf = (flag: string) => (flag.length === 1 ? `-${flag}` : flagNames(flag));

function complaint(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .replace('\n(Did you mean', ' (did you mean')
    // The value of an unknown flag may be a password.
    .replace(/'(--[^'=]+)=[\s\S]*'/, "'$1'");
  return `${text.charAt(0).toUpperCase()}${truncate(text.slice(1), 200).replace(/\.$/, '')}.`;
}

async function registerPath(
  parent: Commander,
  table: Verbs,
  line: CommandLine,
  depth: number,
  found: Parameters<typeof addCommandOptions>[2],
): Promise<void> {
  for (const [name, node] of Object.entries(table)) {
    const child = parent.command(name).description(node.summary).helpOption('-h, --help', 'show this help');
    if ('verbs' in node) child.usage('<command> [flags]').helpCommand(false);
    if (node.group !== undefined) child.helpGroup(`${node.group}:`);
    if (name !== line.path[depth]) continue;
    // Only the last word has flags: flags of a noun would consume those of its verb.
    if (line.command && depth === line.path.length - 1) addCommandOptions(child, line.command, found);
    if ('verbs' in node) await registerPath(child, await node.verbs(), line, depth + 1, found);
  }
}
