import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

describe.each(databases)('user update on $name', (database) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await database.open(4);
    for (const name of ['trader_001', 'trader_002'])
      await db.json('user', 'add', '--user-id', name, '--name', 'Asha Rao', '--email', `${name}@example.com`);
  });
  afterAll(() => db.close());

  it('changes what is given, keeps the rest and records both', async () => {
    const after = await db.json(
      'user',
      'update',
      'trader_001',
      '--name',
      'Asha R. Rao',
      '--risk-tolerance',
      'low',
    );
    expect(after).toMatchObject({
      name: 'Asha R. Rao',
      email: 'trader_001@example.com',
      risk_tolerance: 'low',
      enabled: true,
    });
    expect((await db.audits('user update')).at(-1)).toMatchObject({
      target: 'user trader_001',
      body: {
        before: { name: 'Asha Rao', risk_tolerance: 'medium' },
        after: { name: 'Asha R. Rao', risk_tolerance: 'low' },
      },
    });
  });

  it('changes and records nothing where everything is so already', async () => {
    const before = await db.audits();
    await db.json('user', 'update', 'trader_001', '--email', 'TRADER_001@example.com');
    expect(await db.audits()).toEqual(before);
  });

  it.each([
    [['trader_001'], 2, 'Nothing to change'],
    [['trader_001', '--email', 'nonsense'], 2, 'must be an e-mail address'],
    [['trader_001', '--risk-tolerance', 'wild'], 2, 'must be one of low, medium, high'],
    [['trader_001', '--email', 'trader_002@example.com'], 5, 'already a user with the e-mail address'],
    [['trader_009', '--name', 'Nobody'], 3, 'trader_009'],
  ] as const)('refuses %j with exit %i', async (argv, code, message) => {
    await db.refused(['user', 'update', ...argv], { code, stderr: message });
  });
});
