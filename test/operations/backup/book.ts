import pg from 'pg';
import { expect } from 'vitest';
import type { TestDatabase } from '../../helpers/databases.ts';
import { words } from '../../helpers/words.ts';

const DAY = `
user add --user-id u1 --name Ünal --email u@example.com --capital 1000000
order place --order-id o1 --user u1 --symbol ITC --side BUY --type LIMIT --quantity 10 --price 100
order fill o1 --quantity 10 --price 99.95 --broker-fill-id f1
order place --order-id o2 --user u1 --symbol ITC --side SELL --type LIMIT --quantity 15 --price 110
order fill o2 --quantity 15 --price 110.1 --broker-fill-id f2
`;
/** Where the schema has movements of money. */
const MONEY = `
user deposit u1 1000.10 --day 2026-01-30 --reference d1
user withdraw u1 0.10
`;

/** Text that a dump must take care of. */
const HARD = 'tab\tline\nreturn\r back\\slash \\N \\. "quoted" \'single\' {brace} Ünï 💹';

/** A trader who has bought and gone short, and a strategy whose text needs care on its way. */
export async function liveADay(db: TestDatabase): Promise<void> {
  const { rows } = await db.query("SELECT to_regclass('cash_flows') IS NOT NULL AS has_money");
  const day = rows[0]?.['has_money'] ? [DAY, MONEY] : [DAY];
  for (const part of day) for (const line of part.trim().split('\n')) await db.json(...words(line));
  await db.query(
    `INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual, max_drawdown, symbols, parameters)
     VALUES ('s1', '', $1, '\\N', '\\.', 0.1, 1e-300, 1.7976931348623157e308, '[1, "a\\tb"]', '{ }')`,
    [HARD],
  );
}

/** What is in every table of ours, but for what a restore adds: its audit row, and seals. */
export async function contents(db: TestDatabase): Promise<Record<string, unknown>> {
  const { rows } = await db.query(
    `SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
       AND NOT relispartition AND relname <> 'audit_seals' ORDER BY relname`,
  );
  const hashes = rows.map(
    ({
      relname,
    }) => `SELECT '${relname}' AS name, count(*) || ' ' || md5(string_agg(t::text, '' ORDER BY t::text)) AS hash
      FROM ${relname} t WHERE to_jsonb(t) ->> 'command' IS DISTINCT FROM 'backup restore'`,
  );
  const found = await db.query(hashes.join(' UNION ALL '));
  return Object.fromEntries(found.rows.map(({ name, hash }) => [name, hash]));
}

/** That nothing is wrong with a database, the book and the log. */
export async function expectHealthy(
  db: TestDatabase,
  checks = ['doctor', 'doctor ledger', 'audit verify'],
): Promise<void> {
  for (const check of checks) {
    const { code, stdout, stderr } = await db.cli(...check.split(' '));
    expect({ check, code, out: code === 0 ? '' : stdout + stderr }).toEqual({ check, code: 0, out: '' });
  }
}

/** The same database, but with no session of the test that lasts: a restore takes it away as a whole. */
export async function withoutSession(db: TestDatabase): Promise<TestDatabase> {
  const url = db.env['DATABASE_URL'];
  if (!url) return db;
  await db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
  return {
    ...db,
    async query(sql, params) {
      const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
      await client.connect();
      return client.query(sql, params).finally(() => client.end());
    },
  };
}

/** The name that a restore over a database asks for. */
export function nameOf({ env }: TestDatabase): string {
  const url = env['DATABASE_URL'];
  return url ? url.replace(/.*\/([^/?]+)\?.*/, '$1') : String(env['PINNACLE_DATA_DIR']).replace(/.*\//, '');
}
