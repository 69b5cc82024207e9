import { Command as Commander, CommanderError } from 'commander';
import { usage } from '../util/failure.ts';
import { truncate } from '../util/text.ts';
import { addCommandOptions } from './add-options.ts';
import type { Invocation, Program, Verbs } from './command.ts';
import { resolvePath } from './resolve-path.ts';

/** What a command line comes to: a verb to run, or help to show (as an error where a verb was missing). */
export type Parsed = { run: Invocation } | { help: string; missing: boolean };

/**
 * Understands a command line, loading only the tables and the one verb on its path. Global flags may stand
 * anywhere. Throws a usage error, with a suggestion where a word is nearly right.
 */
export async function parse(program: Program, argv: readonly string[], columns: number): Promise<Parsed> {
  const { path, rest } = await resolvePath(program.nouns, argv);
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
  await registerPath(root, program.nouns, path, [], (found) => {
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
  if (!invocation) return { help, missing: true };
  return { run: rest.some((word) => word.startsWith('--json=')) ? invocation : untangleJson(invocation) };
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

function complaint(error: CommanderError): string {
  const text = error.message
    .replace(/^error: /, '')
    .replace('\n(Did you mean', ' (did you mean')
    // What was given to a flag that does not exist may be a password.
    .replace(/'(--[^'=]+)=[\s\S]*'/, "'$1'");
  return `${text.charAt(0).toUpperCase()}${truncate(text.slice(1), 200).replace(/\.$/, '')}.`;
}

async function registerPath(
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
    // Its flags would otherwise take those of the verb that follows.
    if ('own' in node && node.own && path.length === 1)
      addCommandOptions(child, await node.own.load(), here, found);
    if ('verbs' in node) await registerPath(child, await node.verbs(), path.slice(1), here, found);
    else addCommandOptions(child, await node.load(), here, found);
  }
}
