import type { Insertable, Selectable } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as enums from '../../../src/domain/enums.ts';
import type { OrderId, PositionId, StrategyId, UserId } from '../../../src/domain/id.ts';
import type { Instant } from '../../../src/domain/instant.ts';
import type { Rupees } from '../../../src/domain/money.ts';
import type { TradingSymbol } from '../../../src/domain/symbol.ts';
import type { Json } from '../../../src/platform/postgres/column-types.ts';
import type * as schema from '../../../src/platform/postgres/tables.ts';
import { databases } from '../../helpers/databases.ts';

/** The catalog's name of each enum type, and the union that stands for it. */
interface EnumTypes {
  order_side: enums.OrderSide;
  order_type: enums.OrderType;
  order_status: enums.OrderStatus;
  strategy_status: enums.StrategyStatus;
  position_side: enums.PositionSide;
  position_status: enums.PositionStatus;
  notification_type: enums.NotificationType;
  alert_level: enums.AlertLevel;
  session_status: enums.SessionStatus;
  rule_type: enums.RuleType;
}

const labels: { [E in keyof EnumTypes]: readonly EnumTypes[E][] } = {
  order_side: enums.ORDER_SIDES,
  order_type: enums.ORDER_TYPES,
  order_status: enums.ORDER_STATUSES,
  strategy_status: enums.STRATEGY_STATUSES,
  position_side: enums.POSITION_SIDES,
  position_status: enums.POSITION_STATUSES,
  notification_type: enums.NOTIFICATION_TYPES,
  alert_level: enums.ALERT_LEVELS,
  session_status: enums.SESSION_STATUSES,
  rule_type: enums.RULE_TYPES,
};

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type EnumName<V> = {
  [E in keyof EnumTypes]: Same<EnumTypes[E], V> extends true ? E : never;
}[keyof EnumTypes];

/** The catalog types a TypeScript type may stand for. Json comes first, as it includes all the others. */
type Base<V> =
  Same<Json, V> extends true
    ? 'json'
    : string extends V
      ? 'varchar' | 'text' | 'int8' | 'xid8' | 'date' | 'time' | 'numeric'
      : Same<Instant, V> extends true
        ? 'timestamp'
        : Same<Rupees, V> extends true
          ? 'numeric'
          : [V] extends [UserId | OrderId | PositionId | StrategyId | TradingSymbol]
            ? 'varchar' | 'text'
            : [V] extends [string]
              ? [EnumName<V>] extends [never]
                ? 'varchar'
                : EnumName<V>
              : [V] extends [number]
                ? 'int4' | 'float8'
                : 'bool';

type Optional<R, C> = C extends keyof R ? (object extends Pick<R, C> ? true : false) : never;

/** ' always': may not be written. ' default': may be left out, is never null. ' null': may be null. */
type Suffix<T, C extends keyof Selectable<T>> = C extends keyof Insertable<T>
  ? Same<Json, Selectable<T>[C]> extends true
    ? Optional<Insertable<T>, C> extends true
      ? ' default'
      : ''
    : null extends Selectable<T>[C]
      ? ' null'
      : Optional<Insertable<T>, C> extends true
        ? ' default'
        : ''
  : ' always';

type Value<V> = Same<Json, V> extends true ? V : Exclude<V, null>;

type Kinds<T> = { [C in keyof Selectable<T>]: `${Base<Value<Selectable<T>[C]>>}${Suffix<T, C>}` };

/** What the catalog must say. The compiler refuses an entry that disagrees with src/db/schema.ts. */
const columns: { [T in keyof schema.Database]: Kinds<schema.Database[T]> } = {
  users: {
    user_id: 'varchar',
    name: 'varchar',
    email: 'varchar',
    api_key: 'varchar',
    broker_api_key: 'text default',
    broker_secret: 'text default',
    broker_token: 'text default',
    total_capital: 'numeric default',
    risk_tolerance: 'varchar default',
    enabled: 'bool default',
    created_at: 'timestamp default',
    last_login: 'timestamp null',
    broker_totp: 'text default',
  },
  orders: {
    order_id: 'varchar',
    user_id: 'varchar',
    strategy_id: 'varchar null',
    symbol: 'varchar',
    side: 'order_side',
    order_type: 'order_type',
    quantity: 'int4',
    price: 'float8',
    filled_quantity: 'int4 default',
    filled_price: 'float8 default',
    status: 'order_status default',
    broker_order_id: 'varchar default',
    error_message: 'text default',
    retry_count: 'int4 default',
    created_at: 'timestamp default',
    updated_at: 'timestamp default',
    imported: 'bool default',
    product: 'varchar null',
    exchange: 'varchar null',
    trigger_price: 'float8 null',
    order_tag: 'varchar null',
    origin: 'varchar null',
  },
  strategies: {
    strategy_id: 'varchar',
    name: 'varchar',
    description: 'text',
    category: 'varchar',
    risk_level: 'varchar',
    min_capital: 'float8',
    expected_return_annual: 'float8',
    max_drawdown: 'float8',
    symbols: 'json',
    parameters: 'json',
    is_active: 'bool default',
    created_at: 'timestamp default',
  },
  audit_log: {
    id: 'int8 always',
    txid: 'xid8 default',
    at: 'timestamp default',
    actor: 'text default',
    command: 'text',
    target: 'text',
    body: 'text',
  },
  audit_seals: { seq: 'int8', audit_id: 'int8', txid: 'xid8', cluster: 'text', hash: 'text' },
  audit_checkpoints: { seq: 'int8', body: 'text', key_id: 'text', signature: 'text' },
  idempotency_keys: {
    actor: 'text default',
    key: 'text',
    command: 'text',
    request: 'text',
    result: 'json',
    at: 'timestamp default',
  },
  realtime_outbox: { id: 'int8 always', at: 'timestamp default', kind: 'text', key: 'text' },
  user_strategies: {
    user_id: 'varchar',
    strategy_id: 'varchar',
    status: 'strategy_status default',
    activated_at: 'timestamp default',
    deactivated_at: 'timestamp null',
    allocation_amount: 'float8 default',
    custom_parameters: 'json default',
    total_orders: 'int4 default',
    successful_orders: 'int4 default',
    total_pnl: 'float8 default',
    created_at: 'timestamp default',
    updated_at: 'timestamp default',
  },
  positions: {
    position_id: 'varchar',
    user_id: 'varchar',
    symbol: 'varchar',
    side: 'position_side',
    quantity: 'int4',
    average_price: 'float8',
    current_price: 'float8',
    unrealized_pnl: 'float8 default',
    realized_pnl: 'float8 default',
    strategy_id: 'varchar null',
    order_id: 'varchar null',
    status: 'position_status default',
    opened_at: 'timestamp default',
    closed_at: 'timestamp null',
    created_at: 'timestamp default',
    updated_at: 'timestamp default',
    marked_at: 'timestamp null',
    product: 'varchar null',
  },
  order_fills: {
    seq: 'int8 always',
    fill_id: 'varchar',
    order_id: 'varchar',
    broker_fill_id: 'varchar',
    quantity: 'int4',
    price: 'float8',
    executed_at: 'timestamp',
    overfill: 'bool default',
    position_id: 'varchar null',
    flipped_to: 'varchar null',
    realized_pnl: 'numeric default',
    created_at: 'timestamp default',
    session_id: 'varchar null',
    adopted: 'varchar null',
  },
  notifications: {
    notification_id: 'varchar',
    user_id: 'varchar null',
    notification_type: 'notification_type',
    alert_level: 'alert_level default',
    title: 'varchar',
    message: 'text',
    data: 'json default',
    read_at: 'timestamp null',
    created_at: 'timestamp default',
    routed_at: 'timestamp null',
  },
  trading_sessions: {
    session_id: 'varchar',
    user_id: 'varchar',
    start_time: 'timestamp default',
    end_time: 'timestamp null',
    total_orders: 'int4 default',
    successful_orders: 'int4 default',
    total_pnl: 'float8 default',
    max_drawdown: 'float8 default',
    capital_at_start: 'float8',
    capital_at_end: 'float8 null',
    status: 'session_status default',
    created_at: 'timestamp default',
    updated_at: 'timestamp default',
    peak_equity: 'float8 null',
  },
  risk_rules: {
    rule_id: 'varchar',
    user_id: 'varchar',
    rule_type: 'rule_type',
    rule_value: 'float8',
    current_value: 'float8 default',
    is_violated: 'bool default',
    violation_message: 'text default',
    created_at: 'timestamp default',
    updated_at: 'timestamp default',
  },
  trading_halts: {
    halt_id: 'varchar',
    user_id: 'varchar null',
    reason: 'text',
    halted_by: 'text',
    halted_at: 'timestamp default',
    resumed_by: 'text null',
    resumed_reason: 'text null',
    resumed_at: 'timestamp null',
  },
  api_key_grace: {
    api_key: 'varchar',
    user_id: 'varchar',
    expires_at: 'timestamp',
    created_at: 'timestamp default',
  },
  audit_sealing: { held: 'bool null' },
  fill_corrections: {
    correction_id: 'varchar',
    fill_id: 'varchar',
    order_id: 'varchar',
    broker_fill_id: 'varchar',
    busted: 'bool',
    quantity: 'int4',
    price: 'float8',
    executed_at: 'timestamp',
    realized_pnl: 'numeric',
    reason: 'text',
    corrected_by: 'text default',
    corrected_at: 'timestamp default',
  },
  symbol_aliases: {
    old_symbol: 'varchar',
    new_symbol: 'varchar',
    from_date: 'date null',
    created_by: 'text default',
    created_at: 'timestamp default',
  },
  symbol_merges: {
    merge_id: 'varchar',
    user_id: 'varchar',
    old_symbol: 'varchar',
    new_symbol: 'varchar',
    booked: 'json',
    merged_by: 'text default',
    merged_at: 'timestamp default',
  },
  ledger_openings: {
    run_id: 'varchar',
    user_id: 'varchar',
    kind: 'text',
    id: 'varchar',
    seq: 'float8',
    quantity: 'int4 default',
    price: 'float8 default',
    realized_pnl: 'numeric default',
    capital: 'numeric default',
    orders: 'int4 default',
    completed: 'int4 default',
    was: 'text null',
    became: 'text null',
    adopted_by: 'text default',
    adopted_at: 'timestamp default',
    undone_by: 'text null',
    undone_at: 'timestamp null',
  },
  foreign_writes: {
    table_name: 'text',
    row_id: 'text',
    writer: 'text',
    program: 'text',
    operation: 'text',
    writes: 'int4 default',
    first_at: 'timestamp',
    last_at: 'timestamp',
  },
  broker_accounts: {
    user_id: 'varchar',
    client_code: 'varchar',
    logged_in_at: 'timestamp null',
    token_expires_at: 'timestamp null',
    totp_step: 'int8 null',
    clock_skew_ms: 'int4 null',
    synced_at: 'timestamp null',
    sync_problem: 'text default',
  },
  broker_calls: {
    call_id: 'varchar',
    user_id: 'varchar',
    order_id: 'varchar',
    verb: 'varchar',
    tag: 'varchar',
    request: 'text',
    sent_by: 'text default',
    sent_at: 'timestamp default',
    answered_at: 'timestamp null',
    outcome: 'varchar null',
    http_status: 'int4 null',
    answer: 'text default',
    broker_order_id: 'varchar default',
    looks: 'int4 default',
    resolved_at: 'timestamp null',
  },
  broker_slots: { user_id: 'varchar', method: 'varchar', at: 'timestamp' },
  instruments: {
    exchange: 'varchar',
    trading_symbol: 'varchar',
    symbol: 'varchar',
    token: 'varchar default',
    name: 'varchar default',
    isin: 'varchar null',
    series: 'varchar default',
    kind: 'varchar',
    lot: 'int4 null',
    tick: 'numeric null',
    freeze_quantity: 'int4 null',
    expiry: 'date null',
    strike: 'numeric null',
    listed: 'bool default',
    seen_at: 'timestamp default',
  },
  market_days: {
    exchange: 'varchar',
    day: 'date',
    name: 'varchar',
    kind: 'varchar',
    opens: 'time null',
    closes: 'time null',
    source: 'varchar default',
  },
  paper_orders: {
    user_id: 'varchar',
    broker_order_id: 'varchar',
    tag: 'varchar',
    symbol: 'varchar',
    exchange: 'varchar',
    side: 'varchar',
    order_type: 'varchar',
    product: 'varchar',
    quantity: 'int4',
    price: 'float8',
    trigger_price: 'float8 null',
    triggered: 'bool default',
    status: 'varchar default',
    filled_quantity: 'int4 default',
    filled_price: 'float8 default',
    text: 'text default',
    placed_at: 'timestamp default',
    accepted_at: 'timestamp default',
    quoted_at: 'timestamp null',
    updated_at: 'timestamp default',
  },
  paper_trades: {
    user_id: 'varchar',
    broker_fill_id: 'varchar',
    broker_order_id: 'varchar',
    quantity: 'int4',
    price: 'float8',
    executed_at: 'timestamp',
  },
  cash_flows: {
    flow_id: 'varchar',
    user_id: 'varchar',
    kind: 'varchar',
    amount: 'numeric',
    day: 'date',
    reference: 'varchar',
    reason: 'text default',
    corrects: 'varchar null',
    booked_by: 'text default',
    created_at: 'timestamp default',
  },
  equity_snapshots: {
    user_id: 'varchar',
    day: 'date',
    capital: 'numeric',
    realized_pnl: 'numeric default',
    paid_in: 'numeric default',
    paid_out: 'numeric default',
    charges: 'numeric default',
    dividends: 'numeric default',
    executions: 'int4 default',
    open_positions: 'int4 default',
    unpriced: 'json default',
    unrealized_pnl: 'numeric null',
    long_value: 'numeric null',
    short_value: 'numeric null',
    priced_by: 'varchar',
    priced_at: 'timestamp null',
    taken_at: 'timestamp default',
  },
  alert_channels: {
    channel: 'varchar',
    kind: 'varchar',
    settings: 'json',
    secret: 'text default',
    old_secret: 'text default',
    old_secret_until: 'timestamp null',
    enabled: 'bool default',
    created_by: 'text default',
    created_at: 'timestamp default',
  },
  alert_routes: {
    route_id: 'varchar',
    channel: 'varchar',
    user_id: 'varchar null',
    min_level: 'varchar',
    types: 'json default',
    quiet: 'varchar null',
    group_wait: 'int4',
    repeat_after: 'int4',
    hourly_limit: 'int4',
    composed_at: 'timestamp null',
    created_by: 'text default',
    created_at: 'timestamp default',
  },
  alert_deliveries: {
    delivery_id: 'varchar',
    route_id: 'varchar',
    channel: 'varchar',
    group_key: 'text',
    critical: 'bool',
    message: 'json',
    state: 'varchar default',
    attempts: 'int4 default',
    created_at: 'timestamp',
    next_at: 'timestamp',
    give_up_at: 'timestamp',
    last_error: 'text default',
    sent_at: 'timestamp null',
    provider_id: 'text default',
    channel_state: 'varchar null',
  },
  alert_items: {
    notification_id: 'varchar',
    route_id: 'varchar',
    repeat_key: 'varchar',
    routed_at: 'timestamp',
    delivery_id: 'varchar null',
  },
  corporate_actions: {
    action_id: 'varchar',
    type: 'varchar',
    symbol: 'varchar',
    new_symbol: 'varchar null',
    ex_date: 'date',
    numerator: 'int4 null',
    denominator: 'int4 null',
    amount: 'numeric null',
    cash_price: 'numeric null',
    cost_percent: 'numeric null',
    tds_percent: 'numeric null',
    tds_above: 'numeric null',
    source: 'text default',
    status: 'varchar default',
    applied_with: 'varchar null',
    added_by: 'text default',
    created_at: 'timestamp default',
    applied_at: 'timestamp null',
    reversed_at: 'timestamp null',
    reason: 'text default',
  },
  corporate_action_effects: {
    action_id: 'varchar',
    user_id: 'varchar',
    position_id: 'varchar',
    seq: 'float8',
    effective_at: 'timestamp',
    shares_before: 'int4',
    shares: 'int4 default',
    cost: 'numeric default',
    price: 'float8 default',
    numerator: 'int8 null',
    denominator: 'int8 null',
    fraction: 'int8 null',
    entitled: 'int4 null',
    cash: 'numeric null',
    tds: 'numeric default',
    opened: 'bool default',
    average_before: 'float8 default',
    price_before: 'float8 default',
    unrealized_before: 'float8 default',
    marked_before: 'timestamp null',
    applied_by: 'text default',
    applied_at: 'timestamp default',
    reversed_at: 'timestamp null',
  },
  pinnacle_settings: {
    name: 'text',
    value: 'text',
  },
  pinnacle_migrations: {
    phase: 'int4',
    name: 'text',
    up_sha256: 'text',
    down_sha256: 'text',
    applied_at: 'timestamp',
    applied_by: 'text',
    duration_ms: 'int4',
    step: 'int4 default',
  },
};

const CATALOG_COLUMNS = `
  SELECT c.relname AS table, a.attname AS column,
    t.typname || CASE
      WHEN a.attidentity = 'a' THEN ' always'
      WHEN NOT (a.attnotnull OR a.attnum = ANY (n.conkey)) THEN ' null'
      WHEN a.atthasdef THEN ' default'
      ELSE ''
    END AS kind
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_constraint no_nulls ON no_nulls.conrelid = c.oid AND no_nulls.conname = c.relname || '_no_nulls'
  CROSS JOIN LATERAL (SELECT coalesce(no_nulls.conkey, '{}') AS conkey) n
  WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
  ORDER BY c.relname, a.attnum`;

const CATALOG_ENUMS = `
  SELECT t.typname AS name, json_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels
  FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
  GROUP BY t.typname`;

describe.each(databases)('src/db/schema.ts and the catalog of the $name database', (database) => {
  let db: Awaited<ReturnType<typeof database.open>>;
  beforeAll(async () => {
    db = await database.open(4);
  });
  afterAll(() => db?.close());

  it('agree on every column', async () => {
    const catalog: Record<string, Record<string, unknown>> = {};
    for (const row of (await db.query(CATALOG_COLUMNS)).rows) {
      const table = String(row['table']);
      catalog[table] = { ...catalog[table], [String(row['column'])]: row['kind'] };
    }
    // The runner creates its table itself; a database made from the SQL files alone does not have it.
    const { pinnacle_migrations, ...phases } = columns;
    expect(catalog).toEqual('pinnacle_migrations' in catalog ? { ...phases, pinnacle_migrations } : phases);
  });

  it('agree on every enum label and its order', async () => {
    const { rows } = await db.query(CATALOG_ENUMS);
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['labels']]))).toEqual(labels);
  });
});
