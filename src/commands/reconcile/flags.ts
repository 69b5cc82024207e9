import * as z from 'zod/mini';
import { optional, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import { userId } from '../../domain/id.ts';
import { DIFFERENCE_CLASSES, type DifferenceClass } from '../../domain/reconcile/difference.ts';
import { plainUpperCase } from '../../util/text.ts';

const isClass = (word: string): word is DifferenceClass =>
  (DIFFERENCE_CLASSES as readonly string[]).includes(word);

const classes = z.pipe(
  z.pipe(
    z.pipe(
      z.string(),
      z.transform((text: string) =>
        plainUpperCase(text)
          .split(',')
          .map((word) => word.trim()),
      ),
    ),
    z.array(z.string()).check(
      z.refine((words) => words.length > 0 && words.every(isClass), {
        error: `must be classes of differences, such as ${DIFFERENCE_CLASSES[0]} or FILL_MISSING`,
      }),
    ),
  ),
  z.transform((words) => words as DifferenceClass[]),
);

/** The trader to compare, unless --all is given. */
export const traderUnlessAll = requiredUnless('all', parsed(userId, 'USER', 'the trader'));

export const reconcileFlags = {
  all: toggle('compare everyone'),
  apply: optional(parsed(classes, 'CLASS,…', 'repair the differences of these classes')),
};
