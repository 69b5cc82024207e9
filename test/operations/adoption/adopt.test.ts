import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { SHAPES, type Shape } from './shapes.ts';

const ORDERS = Number(process.env['PINNACLE_ADOPT_ORDERS'] ?? 2_000);
const TABLES =
  'users strategies orders positions user_strategies notifications trading_sessions risk_rules'.split(' ');

let db: TestDatabase;
afterEach(() => db?.close());

type Rows = Record<string, unknown>[];

/** What NULL becomes where the document has a default. */
const DEFAULTS: Record<string, unknown> = {
  retry_count: 0,
  error_message: '',
  total_orders: 0,
  successful_orders: 0,
  total_pnl: 0,
  max_drawdown: 0,
  allocation_amount: 0,
  current_value: 0,
  is_violated: false,
  violation_message: '',
};

/** What a value says, however a table writes it. */
function said(column: string, value: unknown, zone: boolean): unknown {
  if (value === null) return DEFAULTS[column] ?? null;
  if (Array.isArray(value)) return value.map((one) => said('', one, zone));
  if (typeof value === 'object')
    return Object.fromEntries(
      Object.entries(value)
        .sort()
        .map(([key, one]) => [key, said('', one, zone)]),
    );
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) {
    const naive = !/(Z|[+-]\d\d:\d\d)$/.test(value);
    return `${new Date(`${value.slice(0, 23)}${naive ? (zone ? '+05:30' : 'Z') : value.slice(-6)}`).getTime()} ${value.slice(20, 26)}`;
  }
  if (/_id$/.test(column)) return String(value);
  if (['side', 'order_type', 'status', 'notification_type', 'alert_level', 'rule_type'].includes(column))
    return String(value).toUpperCase();
  return value;
}

/** The rows of every table of the document by a hash, over the columns that were there at first. */
async function hashes(columns: Record<string, string[]>, naiveZone = false): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [table, names] of Object.entries(columns)) {
    const { rows } = await db.query(`SELECT to_jsonb(t) AS row FROM ${table} t`);
    const lines = (rows as { row: Record<string, unknown> }[])
      .map(({ row }) => JSON.stringify(names.map((name) => said(name, row[name] ?? null, naiveZone))))
      .sort();
    found[table] = `${lines.length} ${createHash('sha256').update(lines.join('\n')).digest('hex')}`;
  }
  return found;
}

async function columnsOf(): Promise<Record<string, string[]>> {
  const { rows } = await db.query(
    `SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS columns FROM information_schema.columns
     WHERE table_schema = current_schema() AND table_name = ANY($1) GROUP BY 1`,
    [TABLES],
  );
  return Object.fromEntries((rows as Rows).map((row) => [row['table_name'], row['columns']])) as Record<
    string,
    string[]
  >;
}

async function make({ sql }: Pick<Shape, 'sql'>, orders = ORDERS): Promise<void> {
  for (const text of sql(orders)) await db.query(text);
}

describe.each(servers)('migrate adopt on the $name database', ({ open }) => {
  it.each(SHAPES)('takes over $name, with every row', async (shape) => {
    db = await open(0);
    await make(shape);
    const columns = await columnsOf();
    const before = await hashes(columns, shape.flags !== undefined);
    const plan = await db.json<Rows>('migrate', 'adopt', '--plan', ...(shape.flags ?? []));
    expect(plan.filter(({ state }) => state === 'refused')).toEqual([]);
    expect(await hashes(columns, shape.flags !== undefined)).toEqual(before);
    const { code, stderr } = await db.cli('migrate', 'adopt', ...(shape.flags ?? []));
    expect(code, stderr).toBe(0);
    expect(await hashes(columns)).toEqual(before);
    const drift = await db.cli('migrate', 'drift');
    expect(drift).toMatchObject({ code: 0, stdout: '' });
    expect(await db.cli('migrate', 'status', '--exit-code')).toMatchObject({ code: 0 });
  });
});
