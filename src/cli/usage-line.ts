import { kebab } from '../util/text.ts';
import type { Command } from './command.ts';

/** The words after a verb's name in its usage line. */
export function usageLine(command: Command): string {
  const args = Object.entries(command.args).map(([name, param]) => {
    const word = `${param.placeholder ?? name}${param.many ? ' ...' : ''}`;
    return param.required ? word : `[${word}]`;
  });
  const flags = Object.entries(command.flags).flatMap(([name, param]) => {
    const flag = `--${kebab(name)} ${param.placeholder}`;
    return param.required ? [param.unless === undefined ? flag : `[${flag}]`] : [];
  });
  return [...args, ...flags, '[flags]'].join(' ');
}
