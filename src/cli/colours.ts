import { type Meaning, meaningOf } from '../domain/meaning.ts';
import type { Paint } from '../util/paint.ts';

/** The colour of each meaning. Sides are neither good nor bad, so theirs are apart from the rest. */
export const coloursOf = (paint: Paint): Record<Meaning, (text: string) => string> => ({
  buying: paint.cyan,
  selling: paint.magenta,
  good: paint.green,
  waiting: paint.yellow,
  bad: paint.red,
  alarming: (text) => paint.bold(paint.inverse(paint.red(text))),
  over: paint.dim,
});

/** A status, side or level in the colour of what it says, at the left of so many columns. */
export function inColour(paint: Paint, word: string, columns = 0): string {
  const meaning = meaningOf(word);
  const painted = meaning === undefined ? word : coloursOf(paint)[meaning](word);
  return painted + ' '.repeat(Math.max(0, columns - word.length));
}
