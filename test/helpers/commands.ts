import type { Command, Verbs } from '../../src/cli/command.ts';
import { NOUNS } from '../../src/program.ts';

export interface Entry {
  path: string[];
  name: string;
  command: Command;
}

/** Every command of the program. */
export async function allCommands(table: Verbs = NOUNS, path: string[] = []): Promise<Entry[]> {
  const found: Entry[] = [];
  const entry = (words: string[], command: Command) => ({ path: words, name: words.join(' '), command });
  for (const [name, node] of Object.entries(table)) {
    const words = [...path, name];
    if ('own' in node && node.own) found.push(entry(words, await node.own.load()));
    if ('verbs' in node) found.push(...(await allCommands(await node.verbs(), words)));
    else found.push(entry(words, await node.load()));
  }
  return found;
}
