import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintId } from '../../../src/domain/id.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

// What docs/scaling.md says that the schema guarantees.
/** Of pg_trigger.tgtype. */
const [INSERT, UPDATE] = [4, 16];

describe.each(databases)('the schema on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());
  const column = async (sql: string) => (await db.query(sql)).rows.map((row) => Object.values(row)[0]);

  it('says of every row of the book whose it is', async () => {
    const book = ['orders', 'positions', 'user_strategies', 'trading_sessions', 'risk_rules'];
    expect(
      await column(
        `SELECT table_name FROM information_schema.columns WHERE column_name = 'user_id' AND is_nullable = 'NO'
           AND table_name IN (${book.map((table) => `'${table}'`)}) ORDER BY table_name`,
      ),
    ).toEqual([...book].sort());
    // Fills belong to an order.
    expect(
      await column(
        "SELECT is_nullable FROM information_schema.columns WHERE (table_name, column_name) = ('order_fills', 'order_id')",
      ),
    ).toEqual(['NO']);
  });

  it('has foreign keys to the trader, the strategy, the order, the position, the order of the paper broker, and those of alerts, alone', async () => {
    const targets = await column(
      "SELECT DISTINCT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' ORDER BY 1",
    );
    expect(targets).toEqual([
      ...['alert_channels', 'alert_deliveries', 'alert_routes', 'notifications'],
      ...['orders', 'paper_orders', 'positions', 'strategies', 'users'],
    ]);
  });

  it('numbers neither orders nor positions', async () => {
    expect(
      await column(
        "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = current_schema() AND (is_identity = 'YES' OR column_default LIKE 'nextval%') ORDER BY 1",
      ),
    ).toEqual(['audit_log.id', 'order_fills.seq', 'realtime_outbox.id']);
  });

  it('has no triggers on our writing of orders, fills, positions and strategies, and no views', async () => {
    expect(
      await column(
        `SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger
         WHERE NOT tgisinternal AND tgname !~ '_(default_nulls|foreign|held)$' AND tgtype & ${INSERT | UPDATE} <> 0 ORDER BY 1`,
      ),
    ).toEqual([
      ...[
        'alert_channels',
        'alert_routes',
        'audit_checkpoints',
        'audit_log',
        'audit_seals',
        'cash_flows',
        'corporate_action_effects',
        'corporate_actions',
        'idempotency_keys',
        'ledger_openings',
        'pinnacle_settings',
        'risk_rules',
        'symbol_aliases',
        'symbol_merges',
      ],
      ...['trading_halts', 'trading_sessions', 'users'],
    ]);
    expect(
      await column(
        "SELECT relname FROM pg_class WHERE relkind IN ('v', 'm') AND relnamespace = current_schema()::regnamespace",
      ),
    ).toEqual([]);
  });
});

it('ids made later sort behind, byte by byte', () => {
  const times = [0, 1, 1_000, 86_400_000, 1e12, 1.8e12, 4e12].map((ms) => new Date(ms));
  const ids = times.map((time) => mintId('ord', time));
  expect([...ids].sort()).toEqual(ids);
});

it('no statement of the program writes whose a row is, or its id', () => {
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join('src', name), 'utf8'));
  const written =
    /\bSET\s+(user_id|order_id|position_id|strategy_id)\b|\.set\(\{[^}]*\b(user_id|order_id|position_id)\b/;
  expect(sources.filter((source) => written.test(source))).toEqual([]);
});
