import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('a filter that names what does not exist, on $name,', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
    await db.query(
      "INSERT INTO notifications (notification_id, notification_type, title, message, created_at) VALUES ('n1', 'SYSTEM_ERROR', 't', 'm', '2020-01-01')",
    );
  });
  afterAll(() => db.close());

  it.each([
    ['order list --user nosuch', 'USER_NOT_FOUND'],
    ['order list --strategy nosuch', 'STRATEGY_NOT_FOUND'],
    ['order export --user nosuch', 'USER_NOT_FOUND'],
    ['order export --strategy nosuch', 'STRATEGY_NOT_FOUND'],
    ['position list --user nosuch', 'USER_NOT_FOUND'],
    ['position list --strategy nosuch', 'STRATEGY_NOT_FOUND'],
    ['position list --user nosuch --as-of now', 'USER_NOT_FOUND'],
    ['position export --strategy nosuch', 'STRATEGY_NOT_FOUND'],
    ['session list --user nosuch', 'USER_NOT_FOUND'],
    ['session export --user nosuch', 'USER_NOT_FOUND'],
    ['strategy list --user nosuch', 'USER_NOT_FOUND'],
    ['notification list --user nosuch', 'USER_NOT_FOUND'],
    ['notification export --user nosuch', 'USER_NOT_FOUND'],
    ['risk list nosuch', 'USER_NOT_FOUND'],
    ['audit list --target t02', 'AUDIT_ENTRY_NOT_FOUND'],
    ['audit list --actor nosuch', 'AUDIT_ENTRY_NOT_FOUND'],
    ['audit list --command nosuch', 'AUDIT_ENTRY_NOT_FOUND'],
    ['audit list --command', 'AUDIT_ENTRY_NOT_FOUND', 'user nosuch'],
    ['fill list --user nosuch', 'USER_NOT_FOUND'],
    ['fill list --order nosuch', 'ORDER_NOT_FOUND'],
    ['audit list --target', 'AUDIT_ENTRY_NOT_FOUND', 'user nosuch'],
  ])('%s ends 3 without a row', async (line, error, ...more) => {
    const { code, stdout, stderr } = await db.cli(...words(line), ...more, '--json');
    expect([code, stdout, JSON.parse(stderr).error.code]).toEqual([3, '', error]);
  });

  it('is no complaint about one that exists', async () => {
    for (const line of [
      'order list --user u',
      'position list --user u --as-of now',
      'notification list --user u',
    ])
      expect((await db.cli(...words(line), '--json')).code).toBe(0);
    const { rows } = await db.query('SELECT actor FROM audit_log LIMIT 1');
    for (const filter of [
      ['--target', 'user u'],
      ['--command', 'user add'],
      ['--command', 'denied'],
      ['--actor', String(rows[0]?.['actor'])],
    ])
      expect((await db.cli('audit', 'list', ...filter, '--since', '2199-01-01')).code).toBe(0);
  });
});
