import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { ENUM_COLUMNS, prepareForServices } from './enum-columns.ts';

/** The Python that has SQLAlchemy: that of Debian (python3-sqlalchemy), or a virtual environment. */
const PYTHON = process.env['PINNACLE_TEST_PYTHON'] ?? '/usr/bin/python3';
const DRIVERS = ['asyncpg', 'psycopg2', 'psycopg'] as const;
/** What no driver of an older SQLAlchemy has. */
const NEEDS: Readonly<Record<string, string>> = {
  asyncpg: 'import sqlalchemy, asyncpg, greenlet',
  psycopg2: 'import sqlalchemy, psycopg2',
  psycopg: 'import psycopg, sqlalchemy.dialects.postgresql.psycopg',
};

const present = DRIVERS.filter((driver) => has(driver));
if (present.length === 0)
  process.stderr.write(
    `no ORM drives the tables: ${PYTHON} lacks SQLAlchemy (apt-get install python3-sqlalchemy python3-asyncpg python3-psycopg2)\n`,
  );

function has(driver: string): boolean {
  try {
    execFileSync(PYTHON, ['-c', NEEDS[driver] ?? ''], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

const CASES = present.flatMap((driver) => [
  { driver, binding: 'enum', flags: [] },
  { driver, binding: 'varchar', flags: ['--text'] },
]);

describe.skipIf(present.length === 0)('models of SQLAlchemy', () => {
  describe.each(servers.flatMap(({ open }) => CASES.map((one) => ({ open, ...one }))))(
    'over $driver with columns of type $binding',
    ({ open, driver, binding, flags }) => {
      let db: TestDatabase;
      beforeAll(async () => {
        db = await open(4);
        await prepareForServices(db);
        await db.json('schema', 'compat', ...flags);
      });
      afterAll(() => db?.close());

      it('insert, get, filter, sort and update every enum column', async () => {
        const url = String(db.env['DATABASE_URL']).replace(/^\w+:/, ':');
        const script = 'test/operations/schema/orm.py';
        const { stdout } = await promisify(execFile)(PYTHON, [script, driver, url, binding]);
        const expected = ENUM_COLUMNS.map(({ table, column, labels: [first, second] }) => [
          `${table}.${column}`,
          {
            get: first,
            ...{ equal: ['u1'], unequal: ['u2'], in: ['u1', 'u2'], 'not in': ['u1'], any: ['u1', 'u2'] },
            ...{ ordered: [first, second], descending: [second, first] },
            ...{ updated: ['u1', 'u2'], bulk: 2, after: [first, first] },
          },
        ]);
        expect(JSON.parse(stdout)).toEqual(Object.fromEntries(expected));
      });
    },
  );
});
