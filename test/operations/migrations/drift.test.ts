import { afterEach, describe, expect, it } from 'vitest';
import { databases, type Phase, type TestDatabase } from '../../helpers/databases.ts';

let db: TestDatabase;
afterEach(() => db?.close());

async function drift(): Promise<{ code: number; rows: Record<string, unknown>[] }> {
  const { code, stdout } = await db.cli('migrate', 'drift', '--json');
  return { code, rows: JSON.parse(stdout) };
}

describe.each(databases)('migrate drift on the $name database', ({ open }) => {
  it.each([0, 1, 2, 3, 4] as Phase[])('finds nothing at phase %i', async (phase) => {
    db = await open(phase);
    expect(await drift()).toEqual({ code: 0, rows: [] });
  });

  it('finds nothing in the tables, types and functions of others', async () => {
    db = await open(4);
    await db.query('CREATE TABLE theirs (id int PRIMARY KEY, user_id varchar(50) REFERENCES users)');
    await db.query("CREATE TYPE their_type AS ENUM ('A')");
    await db.query('CREATE FUNCTION their_function() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$');
    expect(await drift()).toEqual({ code: 0, rows: [] });
  });

  it('sees a NOT NULL that is not validated, where the server has such', async () => {
    db = await open(4);
    const { rows } = await db.query(
      "SELECT current_setting('server_version_num')::int >= 180000 AS has_such",
    );
    if (!rows[0]?.['has_such']) return;
    await db.query('ALTER TABLE users ALTER name DROP NOT NULL');
    await db.query('ALTER TABLE users ADD CONSTRAINT users_name_not_null NOT NULL name NOT VALID');
    expect(await drift()).toMatchObject({
      code: 6,
      rows: [{ object: 'users.name', actual: 'character varying(100) NOT NULL NOT VALID' }],
    });
  });

  it('names every kind of change', async () => {
    db = await open(4);
    const changes = [
      'ALTER TABLE users ADD x int',
      'ALTER TABLE users ALTER enabled DROP DEFAULT',
      'ALTER TABLE orders ALTER symbol TYPE varchar(30)',
      'ALTER TABLE orders ALTER strategy_id SET NOT NULL',
      'ALTER TABLE orders DROP CONSTRAINT orders_price_valid',
      'ALTER TABLE orders ADD CONSTRAINT dear CHECK (price > 1)',
      'DROP INDEX idx_orders_working',
      'CREATE INDEX mine ON positions (opened_at)',
      'ALTER TABLE audit_log DISABLE TRIGGER audit_log_append_only',
      'CREATE RULE nothing AS ON DELETE TO users DO INSTEAD NOTHING',
      "ALTER TYPE order_side ADD VALUE 'HOLD'",
      'CREATE OR REPLACE FUNCTION users_broker_envelope() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
      'DROP TABLE api_key_grace',
      'ALTER TABLE strategies SET UNLOGGED',
    ];
    // A table cannot be unlogged while a logged one refers to it.
    await db.query('ALTER TABLE user_strategies DROP CONSTRAINT user_strategies_strategy_id_fkey');
    for (const change of changes) await db.query(change);
    const { code, rows } = await drift();
    expect(code).toBe(6);
    const found = rows.map(({ kind, object, expected, actual }) => [
      `${kind} ${object}`,
      expected === null ? 'added' : actual === null ? 'missing' : 'differs',
    ]);
    expect(Object.fromEntries(found)).toEqual({
      'column users.x': 'added',
      'column users.enabled': 'differs',
      'column orders.symbol': 'differs',
      'column orders.strategy_id': 'differs',
      'constraint orders.orders_price_valid': 'missing',
      'constraint orders.dear': 'added',
      'constraint user_strategies.user_strategies_strategy_id_fkey': 'missing',
      'index orders.idx_orders_working': 'missing',
      'index positions.mine': 'added',
      'trigger audit_log.audit_log_append_only': 'differs',
      'rule users.nothing': 'added',
      'enum order_side': 'differs',
      'function users_broker_envelope()': 'differs',
      'table api_key_grace': 'missing',
      'table strategies': 'differs',
    });
    expect(rows).toContainEqual({ kind: 'column', object: 'users.x', expected: null, actual: 'integer' });
  });
});
