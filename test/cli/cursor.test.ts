import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allCommands } from '../helpers/commands.ts';
import { databases, type TestDatabase } from '../helpers/databases.ts';

/** Every list that goes on behind a cursor. */
const lists = (await allCommands()).flatMap(({ name, command }) =>
  // Quotes are in Redis.
  name !== 'market list' &&
  'after' in command.flags &&
  name.endsWith(' list') &&
  Object.values(command.args).every(({ required }) => !required)
    ? [name.replace(/ list$/, '')]
    : [],
);

const cursor = (...key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');

describe.each(databases)('a cursor that is none of the list ($name)', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  it.each([
    ['order', 'nonsense'],
    ['order', cursor(1)],
    ['order', cursor()],
    ['order', cursor('x')],
    ['order', cursor('x', 'y')],
    ['order', cursor('2026-01-31T00:00:00Z', 'a\0b')],
    ['user', cursor('a\0b')],
    ['risk', cursor('u1', 'NO_RULE')],
    ...lists.flatMap((noun) => [
      [noun, cursor()],
      [noun, cursor('')],
      [noun, cursor(...Array(9).fill('2026-01-31'))],
    ]),
  ] as [string, string][])('%s list --after %s ends 2', async (noun, after) => {
    const { code, stdout } = await db.cli(...noun.split(' '), 'list', '--after', after);
    expect([code, stdout]).toEqual([2, '']);
  });
});
