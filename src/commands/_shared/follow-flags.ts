import { duration, integer, optional } from '../../cli/flags.ts';

/** The flags of every verb that follows. */
export const followFlags = {
  for: optional(duration('end after this long')),
  count: optional(integer('N', 'end after this many')),
};
