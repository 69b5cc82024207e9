import { basename } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { databases, type Phase, type TestDatabase } from '../../helpers/databases.ts';

let db: TestDatabase;
afterEach(() => db?.close());

const USER = [
  'user',
  'add',
  '--user-id',
  'trader_001',
  '--name',
  'Asha Rao',
  '--email',
  'asha@example.com',
  '--json',
];
const ORDER = [
  'order',
  'place',
  '--user',
  'trader_001',
  '--symbol',
  'SBIN',
  '--side',
  'BUY',
  '--quantity',
  '5',
  '--price',
  '600',
];

async function nameOf(database: TestDatabase): Promise<string> {
  if (database.name === 'embedded') return basename(String(database.env['PINNACLE_DATA_DIR']));
  return String((await database.query('SELECT current_database() AS name')).rows[0]?.['name']);
}

async function states(): Promise<string[]> {
  return (await db.json<{ state: string }[]>('migrate', 'status')).map(({ state }) => state);
}

describe.each(databases)('migrate down on the $name database', ({ open }) => {
  it.each([1, 2, 3, 4] as Phase[])('takes all of %i phases back and leaves nothing', async (phase) => {
    db = await open(phase);
    const { code } = await db.cli('migrate', 'down', '--to', '0', '--confirm', await nameOf(db));
    expect(code).toBe(0);
    const left = `
      SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
      UNION ALL SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace
      UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace`;
    expect((await db.query(left)).rows).toEqual([]);
    expect(await db.cli('migrate', 'down')).toMatchObject({ code: 0, stdout: '' });
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
  });

  it('needs no consent where nothing is lost', async () => {
    db = await open(4);
    expect(await db.cli('migrate', 'down')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('all are empty'),
    });
    expect(await states()).toEqual(['applied', 'applied', 'applied', 'pending']);
    expect((await db.audits()).at(-1)).toMatchObject({
      command: 'migrate down',
      target: 'phase 4',
      body: { direction: 'down' },
    });
  });

  it('asks for the name of the database where rows are lost', async () => {
    db = await open(2);
    await db.json(...USER);
    await db.json(...ORDER, '--order-id', 'ord_1');
    await db.json('order', 'fill', 'ord_1', '--quantity', '5', '--price', '600');
    const name = await nameOf(db);
    const lost = 'order_fills (1 row), positions (1 row)';
    const refused = await db.refused('migrate down --yes', { code: 4, stderr: lost });
    expect(`${refused.message} ${refused.hint}`).toContain(`--confirm ${name}`);
    await db.refused('migrate down --confirm other', { code: 2 });
    expect((await db.cli('migrate', 'down', '--dry-run')).code).toBe(0);
    expect((await db.query('SELECT count(*)::int AS n FROM positions')).rows).toEqual([{ n: 1 }]);
    expect((await db.cli('migrate', 'down', '--confirm', name)).code).toBe(0);
    expect(await db.json<object[]>('order', 'list')).toHaveLength(1);
  });

  it('says what stands in its way, and changes nothing', async () => {
    db = await open(2);
    await db.query('CREATE VIEW mine AS SELECT * FROM positions');
    const { code, stderr } = await db.cli('migrate', 'down', '--yes');
    expect(code).toBe(1);
    expect(stderr).toContain('cannot drop table positions because other objects depend on it');
    expect(await states()).toEqual(['applied', 'applied', 'pending', 'pending']);
  });

  it('is refused while movements of money are in the capital, so that none is booked twice', async () => {
    db = await open(4);
    await db.json(...USER, '--capital', '1000');
    const { flow_id } = await db.json('user', 'deposit', 'trader_001', '500', '--reference', 'R1');
    const name = await nameOf(db);
    for (const verb of ['down', 'redo']) {
      const { message, hint } = await db.refused(`migrate ${verb} --confirm ${name}`, {
        code: 5,
        error: 'FLOWS_BOOKED',
      });
      expect(message).toContain('₹500.00 in all, are in the capital of 1 user, the first being trader_001');
      expect(hint).toContain('pinnacle user flows trader_001 --all');
    }
    expect(await states()).toEqual(['applied', 'applied', 'applied', 'applied']);
    const kept = await db.cli('migrate', 'down', '--keep-capital', '--dry-run');
    expect(kept.code).toBe(0);
    await db.json('user', 'reverse-flow', String(flow_id), '--reason', 'back', '--yes');
    expect((await db.cli('migrate', 'down', '--confirm', name)).code).toBe(0);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    await db.json('user', 'deposit', 'trader_001', '500', '--reference', 'R1');
    expect(await db.json('user', 'show', 'trader_001')).toMatchObject({ total_capital: '1500.00' });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    // Nothing is counted twice where the users go, too.
    expect((await db.cli('migrate', 'down', '--to', '0', '--confirm', name)).code).toBe(0);
  });

  it('has nothing to do beyond what is applied', async () => {
    db = await open(2);
    expect(await db.cli('migrate', 'down', '--to', '3')).toMatchObject({ code: 0, stdout: '' });
    expect((await db.cli('migrate', 'down', '--to', '7')).code).toBe(2);
  });
});

describe.each(databases)('migrate redo on the $name database', ({ open }) => {
  it('takes the last phase back and applies its script as it is now', async () => {
    db = await open(3);
    await db.query("UPDATE pinnacle_migrations SET up_sha256 = 'before the change' WHERE phase = 3");
    await db.query(
      "INSERT INTO notifications (notification_id, notification_type, title, message) VALUES ('n', 'SYSTEM_ERROR', 't', 'm')",
    );
    expect((await db.cli('migrate', 'redo', '--yes')).code).toBe(4);
    await db.query('DELETE FROM notifications');
    expect(await db.json('migrate', 'redo')).toMatchObject([{ phase: 3, state: 'applied' }]);
    expect((await db.cli('migrate', 'verify')).code).toBe(0);
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
  });

  it('refuses where nothing is applied', async () => {
    db = await open(0);
    expect((await db.cli('migrate', 'redo')).code).toBe(5);
  });
});
