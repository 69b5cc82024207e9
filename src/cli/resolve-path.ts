import type { Noun, Verb, Verbs } from './command.ts';
import { isGlobal, takesValue } from './globals.ts';

interface ResolvedPath {
  /** The words that name a verb, or a noun where no verb follows. */
  path: string[];
  /** Everything else in its order; without global flags where they have no verb to serve. */
  rest: string[];
}

/** Which words name a verb and which are for it, loading only the tables on the way. */
export async function resolvePath(nouns: Verbs, argv: readonly string[]): Promise<ResolvedPath> {
  const { path, globals, flags, rest, isVerb } = await walk(nouns, argv);
  if (isVerb) return { path, rest: [...globals, ...flags, ...rest] };
  // A word that names nothing is what is wrong, whatever help was asked for.
  const own = [...flags, ...rest];
  return { path, rest: rest.length > 0 ? own.filter((word) => word !== '--help' && word !== '-h') : own };
}

/** Follows the words down the tables to a verb, or to the first word that is in no table. */
async function walk(nouns: Verbs, argv: readonly string[]) {
  const [path, globals, flags]: [string[], string[], string[]] = [[], [], []];
  const rest = [...argv];
  let table: Verbs | undefined = nouns;
  let own = false;
  while (table) {
    const [word, next] = rest;
    const node = lookUp(table, word);
    if (word === undefined || (!node && !word.startsWith('-'))) break;
    if (node) {
      path.push(word);
      table = await tableOf(node);
      own = 'own' in node;
    } else (isGlobal(word) ? globals : flags).push(word);
    rest.shift();
    if (isGlobal(word) && valueFollows(word, next, table)) globals.push(...rest.splice(0, 1));
  }
  return { path, globals, flags, rest, isVerb: table === undefined || (own && rest.length === 0) };
}

function valueFollows(flag: string, next: string | undefined, table: Verbs | undefined): boolean {
  if (next === undefined) return false;
  const kind = takesValue(flag);
  return kind === 'always' || (kind === 'maybe' && !next.startsWith('-') && !lookUp(table, next));
}

function lookUp(table: Verbs | undefined, word: string | undefined): Verb | Noun | undefined {
  return table && word !== undefined && Object.hasOwn(table, word) ? table[word] : undefined;
}

async function tableOf(node: Verb | Noun): Promise<Verbs | undefined> {
  return 'verbs' in node ? node.verbs() : undefined;
}
