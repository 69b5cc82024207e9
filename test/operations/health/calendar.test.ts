import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { backToStep } from '../../helpers/steps.ts';

describe.each(databases)('the calendar, as doctor sees it on $name,', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());

  async function seen(at: string) {
    const { stdout } = await db.cliWith({ now: new Date(at) }, 'doctor', '--json', 'check,state,detail,help');
    return (JSON.parse(stdout) as { check: string }[]).find(({ check }) => check === 'calendar');
  }
  async function give(year: number) {
    const path = join(tmpdir(), `${randomUUID()}.csv`);
    writeFileSync(path, `date,name,kind,open,close\n${year}-01-26,Republic Day,HOLIDAY,,\n`);
    await db.json('calendar', 'import', path, '--source', 'a test');
  }

  it('is not missed where nobody imported one', async () => {
    expect(await seen('2026-11-27T06:00:00Z')).toMatchObject({
      state: 'ok',
      detail: 'no calendar is imported',
    });
  });

  it('is there for this year, and in December wanted for the next', async () => {
    await give(2026);
    expect(await seen('2026-11-27T06:00:00Z')).toMatchObject({ state: 'ok', detail: 'days of NSE for 2026' });
    // In India it is December already.
    expect(await seen('2026-11-30T19:00:00Z')).toMatchObject({
      state: 'warn',
      detail: 'no days of NSE for 2027: holidays are not known',
      help: 'pinnacle calendar import --help',
    });
    await give(2027);
    expect(await seen('2026-12-01T06:00:00Z')).toMatchObject({ detail: 'days of NSE for 2026 and 2027' });
  });

  it('is missed for a year without days', async () => {
    expect(await seen('2028-06-01T06:00:00Z')).toMatchObject({
      state: 'warn',
      detail: expect.stringContaining('2028'),
    });
  });

  it('is no matter of a schema without one', async () => {
    await backToStep(db, 8);
    expect(await seen('2026-11-27T06:00:00Z')).toMatchObject({ state: 'ok', detail: 'the schema has none' });
  });
});
