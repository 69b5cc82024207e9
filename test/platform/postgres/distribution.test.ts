import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';

const OURS = "relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace";
const named = (keys: string) =>
  `EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'user_id' AND a.attnum = ANY (${keys}))`;

/** The tables that other services write, too. */
const TABLES = [
  ...['users', 'orders', 'strategies', 'user_strategies', 'positions', 'notifications'],
  ...['trading_sessions', 'risk_rules'],
];

/** What a distribution of rows by user_id would have to change or place: a query of the catalog, and all that it finds today. */
const OPEN: readonly { what: string; sql: string; found: readonly string[] }[] = [
  {
    what: 'tables without user_id',
    sql: `SELECT relname AS found FROM pg_class c
      WHERE ${OURS} AND NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'user_id')`,
    found: [
      // Rows of an order, which would need its user_id to be stored beside it.
      ...['fill_corrections', 'order_fills'],
      // Rows of any table.
      'foreign_writes',
      // On one node: channels are those of the operator, and what is sent goes by them.
      ...['alert_channels', 'alert_deliveries', 'alert_items'],
      // On one node: a chain has one end, a queue one order, a key one claim, a rollout one history.
      ...['audit_checkpoints', 'audit_log', 'audit_sealing', 'audit_seals', 'idempotency_keys'],
      ...['pinnacle_migrations', 'realtime_outbox'],
      // The same for every trader: a copy on every node.
      ...[
        'corporate_actions',
        'instruments',
        'market_days',
        'pinnacle_settings',
        'strategies',
        'symbol_aliases',
      ],
    ],
  },
  {
    what: 'tables with rows of nobody',
    sql: `SELECT relname AS found FROM pg_class c JOIN pg_attribute u ON attrelid = c.oid
      WHERE ${OURS} AND attname = 'user_id' AND NOT attnotnull`,
    // Notices of the system, routes of everybody's notices, and the halt of everybody.
    found: ['alert_routes', 'notifications', 'trading_halts'],
  },
  {
    what: 'unique keys without user_id, of tables with it',
    sql: `SELECT i.indexrelid::regclass || ' (' || (
          SELECT string_agg(pg_get_indexdef(i.indexrelid, n, true), ', ' ORDER BY n)
          FROM generate_series(1, i.indnkeyatts) n) || ')' AS found
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE ${OURS} AND i.indisunique AND NOT ${named('i.indkey')}
        AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'user_id')`,
    found: [
      // Ids that the program makes, or that others give: unique within a trader would do.
      ...['notifications_pkey (notification_id)', 'orders_pkey (order_id)', 'positions_pkey (position_id)'],
      'alert_routes_pkey (route_id)',
      ...['broker_calls_pkey (call_id)', 'broker_calls_tag (tag)', 'cash_flows_pkey (flow_id)'],
      ...['risk_rules_pkey (rule_id)', 'trading_halts_pkey (halt_id)', 'trading_sessions_pkey (session_id)'],
      // By which a trader is found before it is known who that is.
      ...['api_key_grace_pkey (api_key)', 'users_api_key_key (api_key)', 'users_email_key (email)'],
      // An expression over user_id, because of the halt of everybody.
      "trading_halts_one_latched (COALESCE(user_id, ''::character varying))",
    ],
  },
  {
    what: 'unique keys of the rows of an order',
    sql: `SELECT i.indexrelid::regclass || ' (' || pg_get_indexdef(i.indexrelid, 1, true) || ', …)' AS found
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE ${OURS} AND i.indisunique AND c.relname IN ('fill_corrections', 'order_fills')`,
    found: [
      'fill_corrections_one_bust (order_id, …)',
      'fill_corrections_pkey (correction_id, …)',
      'order_fills_order_id_broker_fill_id_key (order_id, …)',
      'order_fills_pkey (fill_id, …)',
      // Numbers all executions in the order of booking.
      'order_fills_seq_key (seq, …)',
    ],
  },
  {
    what: 'foreign keys that do not include user_id',
    sql: `SELECT conname || ' to ' || confrelid::regclass AS found FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid
      WHERE ${OURS} AND contype = 'f' AND NOT ${named('k.conkey')}`,
    found: [
      // Of what is on one node, but for that to the notification.
      ...[
        'alert_items_delivery_id_fkey to alert_deliveries',
        'alert_items_notification_id_fkey to notifications',
      ],
      ...['alert_items_route_id_fkey to alert_routes', 'alert_deliveries_route_id_fkey to alert_routes'],
      'alert_routes_channel_fkey to alert_channels',
      'order_fills_flipped_to_fkey to positions',
      'order_fills_order_id_fkey to orders',
      'order_fills_position_id_fkey to positions',
      'positions_order_id_fkey to orders',
      'user_strategies_strategy_id_fkey to strategies',
    ],
  },
  {
    what: 'triggers',
    sql: `SELECT relname || ': ' || tgname AS found FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
      WHERE ${OURS} AND NOT tgisinternal AND tgparentid = 0`,
    found: [
      // On tables of one node, or copied to all.
      ...['audit_checkpoints: audit_checkpoint_form', 'audit_checkpoints: audit_checkpoints_append_only'],
      ...['audit_log: audit_log_append_only', 'audit_log: audit_log_form'],
      ...['audit_seals: audit_seals_append_only', 'idempotency_keys: idempotency_keys_kept'],
      ...['pinnacle_settings: pinnacle_settings_audited', 'symbol_aliases: symbol_aliases_audited'],
      'corporate_actions: corporate_actions_audited',
      ...['alert_channels: alert_channels_audited', 'alert_routes: alert_routes_audited'],
      // Read nothing but the row, or its user.
      'cash_flows: cash_flows_append_only',
      ...['risk_rules: risk_rules_in_force', 'trading_sessions: trading_sessions_guarded'],
      ...['users: users_broker_envelope', 'users: users_totp_envelope'],
      ...TABLES.map((table) => `${table}: ${table}_default_nulls`),
      // Of other programs alone, which would have to write to the node of the trader.
      ...TABLES.map((table) => `${table}: ${table}_foreign`),
      'orders: orders_held',
      // Ask for the audit entry of the transaction, which would be on another node.
      ...['order_fills: order_fills_audited', 'risk_rules: risk_rules_audited'],
      ...['cash_flows: cash_flows_audited', 'ledger_openings: ledger_openings_audited'],
      ...['symbol_merges: symbol_merges_audited', 'trading_halts: trading_halts_audited'],
      ...[
        'corporate_action_effects: corporate_action_effects_audited',
        'trading_sessions: trading_sessions_audited',
      ],
    ],
  },
];

describe.each(databases)('what a distribution by user_id would still need on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());

  // Whatever is new here belongs into its list, and where it changes what docs/scaling.md says, there as well.
  it.each(OPEN)('$what', async ({ sql, found }) => {
    const { rows } = await db.query(sql);
    expect(rows.map((row) => row['found']).sort()).toEqual([...found].sort());
  });
});
