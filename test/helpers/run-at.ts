import { expect } from 'vitest';
import type { TestDatabase } from './databases.ts';
import { words } from './words.ts';

/** Runs a command line at a moment, which must end with `code`; gives its rows, also those that it prints line by line. */
export async function runAt(
  db: TestDatabase,
  now: Date,
  line: string,
  { stdin = '', code = 0 } = {},
): Promise<Record<string, unknown>[]> {
  const ended = await db.cliWith({ now, stdin }, ...words(line), '--json');
  expect({ line, code: ended.code, stderr: ended.code === code ? '' : ended.stderr }).toEqual({
    line,
    code,
    stderr: '',
  });
  if (!line.startsWith('alert deliver')) return [JSON.parse(ended.stdout)].flat();
  return ended.stdout
    .split('\n')
    .filter(Boolean)
    .map((each) => JSON.parse(each));
}
