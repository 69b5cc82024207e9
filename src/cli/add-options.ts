import { type Command as Commander, Option } from 'commander';
import { usage } from '../util/failure.ts';
import { kebab } from '../util/text.ts';
import type { Command, Invocation } from './command.ts';
import { argumentsOf, flagsOf } from './entries.ts';
import type { Param } from './flags.ts';
import { GLOBAL_FLAGS } from './globals.ts';
import { flagNames } from './short-flags.ts';
import { usageLine } from './usage-line.ts';

/** Adds the arguments, flags, examples and action of a verb to a commander command. */
export function addCommandOptions(
  leaf: Commander,
  command: Command,
  found: (given: Pick<Invocation, 'words' | 'options'>) => void,
): void {
  // Arguments are optional to commander: missing ones are prompted for on a terminal.
  const args = Object.entries(argumentsOf(command));
  for (const [name, param] of args)
    leaf.argument(
      `[${param.placeholder ?? name}${param.many ? '...' : ''}]`,
      name in command.args ? describe(param) : '',
    );
  for (const [name, param] of Object.entries(flagsOf(command))) {
    const flag = `${flagNames(kebab(name))}${valuePart(param)}`;
    const option = new Option(flag, describe(param)).hideHelp(!(name in command.flags));
    leaf.addOption(param.placeholder ? option.argParser(collect(name, param)) : option);
  }
  // For help and suggestions only: the global flags are removed before commander parses the words.
  leaf.optionsGroup('Global flags:');
  for (const [name, flag] of Object.entries(GLOBAL_FLAGS)) {
    leaf.addOption(new Option(`${flagNames(name)}${'value' in flag ? ` ${flag.value}` : ''}`, flag.help));
  }
  leaf.usage(usageLine(command));
  if (command.details) leaf.addHelpText('before', '').addHelpText('after', `\n${command.details}`);
  leaf.addHelpText(
    'after',
    `\nExamples:\n${command.examples.map((line) => `  $ pinnacle ${line}`).join('\n')}`,
  );
  leaf.action((...given: unknown[]) => {
    const words = given.slice(0, args.length) as Invocation['words'];
    found({ words, options: leaf.opts() });
  });
}

/** What a flag is given, one text after another; refuses a second one unless the flag takes several. */
const collect =
  (name: string, { several }: Param) =>
  (value: string, earlier: unknown) => {
    if (several) return [earlier ?? [], value].flat();
    if (earlier !== undefined) throw givenTwice(`--${kebab(name)}`);
    return value;
  };

/** The usage error of a flag that takes one value and was given twice. */
export const givenTwice = (flag: string) => usage(`${flag} is given twice; it takes one value.`);

/** What stands for the value of a flag, in brackets if it may be left out. */
function valuePart({ placeholder, alone }: Param): string {
  if (!placeholder) return '';
  return alone === undefined ? ` <${placeholder}>` : ` [${placeholder}]`;
}

function describe(param: Param): string {
  const extras = [
    param.choices ? param.choices.join(' | ') : '',
    param.several ? 'several with commas' : '',
    param.fallback !== undefined ? `default ${param.fallback}` : '',
  ].filter((extra) => extra !== '');
  return extras.length > 0 ? `${param.help} (${extras.join('; ')})` : param.help;
}
