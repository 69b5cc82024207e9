import { escapeControls, pluralize, someOf } from '../util/text.ts';
import type { OrphanKey } from './orphans.ts';

/** A line on keys that the book does not know and that this program did not write. */
export function describeForeign(foreign: readonly OrphanKey[]): string {
  const names = foreign.map(({ key, member }) => (member === undefined ? key : `${member} in ${key}`));
  return `Not in the book, and written by others: ${pluralize(foreign.length, 'key')}: ${escapeControls(someOf(names))}.`;
}
