import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';

const ROLES = ['doctor_clerk', 'doctor_guest'];

describe.each(servers)('the time zone of sessions, to doctor on the $name', ({ open }) => {
  let db: TestDatabase;
  let name: string;
  beforeEach(async () => {
    db = await open();
    name = String((await db.query('SELECT current_database() AS name')).rows[0]?.['name']);
    for (const role of ROLES) await db.query(`DROP ROLE IF EXISTS ${role}`);
    for (const role of ROLES) await db.query(`CREATE ROLE ${role}`);
  });
  afterEach(async () => {
    for (const role of ROLES) await db.query(`DROP OWNED BY ${role}`);
    for (const role of ROLES) await db.query(`DROP ROLE ${role}`);
    await db.close();
  });

  const check = async () => {
    const { code, stdout } = await db.cli('doctor', '--check', 'timezone', '--json');
    return { code, ...JSON.parse(stdout)[0] };
  };

  it('is fine as UTC by any name', async () => {
    await db.query(`ALTER DATABASE ${name} SET TimeZone = 'Etc/UTC'`);
    expect(await check()).toMatchObject({ code: 0, state: 'ok' });
  });

  it('is a warning where the database, or a role that places orders, has another', async () => {
    await db.query('GRANT INSERT ON orders TO doctor_clerk');
    await db.query("ALTER ROLE doctor_guest SET TimeZone = 'Asia/Tokyo'");
    expect(await check()).toMatchObject({ state: 'ok' });
    await db.query(`ALTER ROLE doctor_clerk IN DATABASE ${name} SET TimeZone = 'Asia/Dubai'`);
    await db.query(`ALTER DATABASE ${name} SET TimeZone = 'Asia/Kolkata'`);
    expect(await check()).toMatchObject({
      code: 0,
      state: 'warn',
      detail: `local time would be stored as UTC: database ${name}: Asia/Kolkata, role doctor_clerk in database ${name}: Asia/Dubai`,
      help: expect.stringContaining("SET TimeZone = 'UTC'"),
    });
  });
});
