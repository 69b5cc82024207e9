import type { Command, Invocation, Program } from '../../src/cli/command.ts';
import { readCommandLine } from '../../src/cli/command-line.ts';
import { parse } from '../../src/cli/parse.ts';
import { NOUNS } from '../../src/program.ts';

const PROGRAM: Program = { name: 'pinnacle', summary: '', footer: '', nouns: NOUNS };

/** Why a command line cannot be typed like this: no such command or flag, a word too many, or something that is missing. */
export async function wrongWith(argv: readonly string[]): Promise<string | undefined> {
  try {
    const parsed = await parse(PROGRAM, await readCommandLine(NOUNS, argv), 80);
    if (!('run' in parsed)) return parsed.missing ? 'it names no command' : undefined;
    const missing = missingOf(parsed.run);
    return missing.length > 0 ? `it lacks ${missing.join(', ')}` : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function missingOf({ command, words: args, options }: Invocation): string[] {
  const needed = (params: Command['args'], given: (key: string, i: number) => unknown) =>
    Object.entries(params).flatMap(([key, { required, unless }], i) =>
      required && given(key, i) === undefined && (unless === undefined || options[unless] === undefined)
        ? [key]
        : [],
    );
  return [...needed(command.args, (_, i) => args[i]), ...needed(command.flags, (key) => options[key])];
}
