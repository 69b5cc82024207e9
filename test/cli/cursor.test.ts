import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';

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
  ])('%s list --after %s ends 2', async (noun, after) => {
    const { code, stdout } = await db.cli(noun, 'list', '--after', after);
    expect([code, stdout]).toEqual([2, '']);
  });
});
