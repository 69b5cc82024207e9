import type { Verbs } from './cli/command.ts';

export async function topic(_words: readonly string[], _nouns: Verbs): Promise<string | undefined> {
  return undefined;
}
