import { usage } from '../util/failure.ts';
import { kebab } from '../util/text.ts';
import type { Command, Invocation } from './command.ts';
import type { Param, Params } from './flags.ts';

/** A parameter of a verb and the text that a command line gives it. */
export interface Entry {
  key: string;
  /** As the operator writes it: `ORDER`, `--quantity`. */
  label: string;
  param: Param;
  value: unknown;
}

type Parameters = Pick<Command, 'args' | 'flags'>;

const formerly = (params: Params, place: NonNullable<Param['formerly']>): Params =>
  Object.fromEntries(Object.entries(params).filter(([, param]) => param.formerly === place));

/** What may stand as an argument of a verb: also what was one in earlier versions. */
export const argumentsOf = ({ args, flags }: Parameters): Params => ({
  ...args,
  ...formerly(flags, 'argument'),
});

/** What may be given as a flag of a verb: also what was one in earlier versions. */
export const flagsOf = ({ args, flags }: Parameters): Params => ({ ...flags, ...formerly(args, 'flag') });

/** Every parameter of the verb with what it is given; throws a usage error where that is given in two places. */
export function entriesOf({ command, words, options }: Invocation): Entry[] {
  const places = Object.keys(argumentsOf(command));
  const givenTo = (key: string, label: string): unknown => {
    const at = places.indexOf(key);
    const word = at < 0 ? undefined : words[at];
    if (word !== undefined && options[key] !== undefined) throw usage(`${label} is given twice.`);
    return word ?? options[key];
  };
  const entry =
    (labelOf: (key: string, param: Param) => string) =>
    ([key, param]: [string, Param]): Entry => {
      const label = labelOf(key, param);
      return { key, label, param, value: givenTo(key, label) };
    };
  return [
    ...Object.entries(command.args).map(entry((key, { placeholder }) => placeholder ?? key)),
    ...Object.entries(command.flags).map(entry((key) => `--${kebab(key)}`)),
  ];
}
