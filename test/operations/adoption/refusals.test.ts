import { afterEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { SHAPES } from './shapes.ts';

let db: TestDatabase;
afterEach(() => db?.close());

interface Row {
  object: string;
  state: string;
  detail: string | null;
  rows: number | null;
  example: string | null;
  sql: string | null;
}

async function make(name: string, more: readonly string[] = []): Promise<void> {
  const shape = SHAPES.find((one) => one.name === name);
  for (const text of [...(shape?.sql(40) ?? []), ...more]) await db.query(text);
}

async function planned(...flags: string[]): Promise<{ code: number; rows: Row[] }> {
  const { code, stdout } = await db.cli('migrate', 'adopt', '--plan', '--json', ...flags);
  return { code, rows: JSON.parse(stdout) };
}

/** Everything that a session can see of the schema and the rows. */
async function state(): Promise<unknown> {
  const { rows } = await db.query(`
    SELECT (SELECT json_agg(row(c.relname, a.attname, a.atttypid::regtype, a.attnotnull) ORDER BY 1::text)::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = 'public'::regnamespace) AS columns,
    (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM orders o) AS orders`);
  return rows;
}

/** What is refused: the SQL that makes it so, the object and why. */
const REFUSED: readonly (readonly [
  what: string,
  sql: string,
  object: string,
  detail: string | RegExp,
  rows: number | null,
])[] = [
  [
    'a symbol that is too long',
    "ALTER TABLE orders ALTER symbol TYPE text; UPDATE orders SET symbol = repeat('X', 60) WHERE broker_order_id IN ('b1', 'b2')",
    'orders.symbol',
    'longer than 50 characters',
    2,
  ],
  [
    'a label that nobody knows',
    "UPDATE orders SET status = 'EXPIRED' WHERE broker_order_id = 'b3'",
    'orders.status',
    /none of PENDING/,
    1,
  ],
  [
    'a column that is missing and has no default',
    'ALTER TABLE orders DROP price',
    'orders.price',
    /is missing/,
    null,
  ],
  [
    'a NULL where the document has none',
    "ALTER TABLE orders ALTER symbol DROP NOT NULL; UPDATE orders SET symbol = NULL WHERE broker_order_id = 'b3'",
    'orders.symbol',
    /NULL/,
    1,
  ],
  [
    'an order of nobody',
    "ALTER TABLE orders DROP CONSTRAINT fk_orders_user; UPDATE orders SET user_id = 'nobody' WHERE broker_order_id = 'b3'",
    'orders.orders_user_id_fkey',
    /contradict/,
    1,
  ],
  [
    'an order of no shares',
    "UPDATE orders SET quantity = 0 WHERE broker_order_id = 'b3'",
    'orders.orders_quantity_positive',
    /contradict/,
    1,
  ],
  [
    'one e-mail address twice',
    "DROP INDEX ix_users_email; UPDATE users SET email = 'a@example.com'",
    'users.users_email_key',
    /contradict/,
    20,
  ],
  [
    'a view over a column',
    'CREATE VIEW working AS SELECT order_id, status FROM orders',
    'orders.status',
    /view working/,
    null,
  ],
  [
    'a check over several columns',
    "ALTER TABLE orders ADD CONSTRAINT ck CHECK (status <> 'FILLED' OR quantity > 0)",
    'orders.ck',
    /drop it/,
    null,
  ],
  ['a table of ours that is theirs', 'CREATE TABLE audit_log (id int)', 'audit_log', /another program/, null],
  [
    'a view in the place of a table',
    'ALTER TABLE risk_rules RENAME TO rules; CREATE VIEW risk_rules AS SELECT * FROM rules',
    'risk_rules',
    /a view/,
    null,
  ],
  [
    'a column of theirs that ours cannot leave out',
    'ALTER TABLE orders ADD place point; UPDATE orders SET place = point(1, 1); ALTER TABLE orders ALTER place SET NOT NULL',
    'orders.place',
    /would be refused/,
    null,
  ],
  [
    'a generated column',
    'ALTER TABLE orders DROP retry_count; ALTER TABLE orders ADD retry_count integer GENERATED ALWAYS AS (1) STORED',
    'orders.retry_count',
    /generated/,
    null,
  ],
  [
    'times as text',
    'ALTER TABLE orders ALTER created_at DROP DEFAULT; ALTER TABLE orders ALTER created_at TYPE text',
    'orders.created_at',
    /no way from text/,
    null,
  ],
];

describe.each(databases)('migrate adopt on the $name database', ({ open }) => {
  it.each(REFUSED)('refuses %s, and changes nothing', async (_what, sql, object, detail, rows) => {
    db = await open(0);
    await make('text instead of enums, with checks', sql.split('; '));
    const before = await state();
    const plan = await planned();
    expect(plan.code).toBe(6);
    const refused = plan.rows.filter((row) => row.state === 'refused');
    expect(refused).toContainEqual(
      expect.objectContaining({ object, rows, detail: expect.stringMatching(detail) }),
    );
    if (rows !== null)
      expect(refused.find((row) => row.object === object)?.example).toMatch(
        /^(an order of theirs |trader_)\d+$/,
      );
    await db.refused('migrate adopt', { code: 5, error: 'ADOPTION_REFUSED', stderr: object });
    expect(await state()).toEqual(before);
  });

  it('refuses amounts that do not fit, and tells which are rounded to the paisa', async () => {
    db = await open(0);
    await make('money as floats, prices as numeric', [
      "UPDATE users SET total_capital = 100.123 WHERE user_id = 'trader_3'",
    ]);
    expect((await planned()).rows).toContainEqual(
      expect.objectContaining({
        object: 'users.total_capital',
        state: 'converted',
        rows: 1,
        example: 'trader_3',
      }),
    );
    await db.query("UPDATE users SET total_capital = 1e15 WHERE user_id = 'trader_4'");
    expect((await planned()).rows).toContainEqual(
      expect.objectContaining({
        object: 'users.total_capital',
        state: 'refused',
        rows: 1,
        example: 'trader_4',
      }),
    );
  });

  it('names rows that contradict each other, and keeps them', async () => {
    db = await open(0);
    await make('enums under their names');
    const told = (await planned()).rows.filter((row) => row.state === 'warning');
    expect(told).toContainEqual(
      expect.objectContaining({
        detail: 'FILLED with nothing filled',
        rows: 1,
        example: 'an order of theirs 4',
      }),
    );
    expect(told).toContainEqual(expect.objectContaining({ detail: 'CLOSED without a time', rows: 5 }));
    expect((await planned()).rows).toContainEqual(
      expect.objectContaining({ object: 'alembic_version', state: 'kept' }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        detail: 'one of several OPEN rows of one user, symbol and strategy',
        rows: 10,
      }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({ detail: 'one of several rules of one type of one user', rows: 2 }),
    );
    expect(told).toContainEqual(
      expect.objectContaining({
        detail: 'the API key is not stored as a hash',
        rows: 1,
        example: 'trader_1',
      }),
    );
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    const { rows } = await db.query("SELECT count(*)::int AS n FROM positions WHERE status = 'OPEN'");
    expect(rows).toEqual([{ n: 25 }]);
  });

  it('hashes API keys only where asked', async () => {
    db = await open(0);
    await make('enums under their names');
    const keys = async () =>
      (await db.query("SELECT api_key FROM users WHERE user_id = 'trader_1'")).rows[0]?.['api_key'];
    expect((await db.cli('migrate', 'adopt', '--hash-keys', '--dry-run')).code).toBe(0);
    expect(await keys()).toBe('key in the clear');
    expect((await db.cli('migrate', 'adopt', '--hash-keys')).code).toBe(0);
    expect(await keys()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('knows what to do with any other database', async () => {
    db = await open(0);
    await db.refused('migrate adopt', { code: 5, error: 'NOTHING_TO_ADOPT', stderr: 'migrate up' });
    await make('enums under their names');
    await db.refused('migrate up', { code: 5, stderr: 'migrate adopt --plan' });
    await db.refused('migrate baseline 4', { code: 5, stderr: 'migrate adopt --plan' });
    expect((await db.cli('migrate', 'adopt', '--naive-zone', 'Asia/Nowhere')).code).toBe(2);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    const again = await db.cli('migrate', 'adopt');
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Nothing to do') });
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    await db.refused('migrate baseline 4', { code: 5, error: 'ALREADY_RECORDED' });
  });
});
