import type { Noun, Verb, Verbs } from './command.ts';

/** Other words for verbs, wherever a table has the verb and not the word. */
const ALIASES: Readonly<Record<string, string>> = { ls: 'list', rm: 'remove' };

/** The entry of a table that a word names, also by an alias or by the word of an earlier version, and its name now. */
export function lookUp(table: Verbs | undefined, word: string | undefined) {
  if (!table || word === undefined) return undefined;
  const name = [word, ALIASES[word] ?? word].find((each) => Object.hasOwn(table, each));
  const node = name === undefined ? undefined : table[name];
  if (name !== undefined && node) return { name, node };
  const [now, earlier] = Object.entries(table).find(([, each]) => each.formerly === word) ?? [];
  return now !== undefined && earlier ? { name: now, node: earlier } : undefined;
}

/** The aliases that name something in a table, as entries of it. */
export function aliasesIn(table: Verbs): [string, Verb | Noun][] {
  return Object.entries(ALIASES).flatMap(([alias, name]) => {
    const node = Object.hasOwn(table, alias) ? undefined : table[name];
    return node ? [[alias, node]] : [];
  });
}
