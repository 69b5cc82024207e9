import { shellWord } from '../util/text.ts';
import type { Invocation } from './command.ts';
import { entriesOf } from './entries.ts';

/** The command line of a verb as it was given, without secrets, and without the flags that make it a watch. */
export function givenWords(invocation: Invocation): string {
  const given = entriesOf(invocation).flatMap(({ key, label, param, value }) => {
    if (value === undefined || value === false || key === 'watch' || key === 'interval') return [];
    const texts = [value].flat().map(String);
    const shown = (param.several ? [texts.join(',')] : texts).map(shellWord);
    const text = param.secret ? ['…'] : value === true ? [] : shown;
    return label.startsWith('--') ? [label, ...text] : text;
  });
  return ['pinnacle', ...invocation.path, ...given].join(' ');
}
