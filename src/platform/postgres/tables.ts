import type { Generated, GeneratedAlways } from 'kysely';
import type {
  AlertLevel,
  NotificationType,
  OrderOrigin,
  OrderSide,
  OrderStatus,
  OrderType,
  PositionSide,
  PositionStatus,
  Product,
  RuleType,
  SessionStatus,
  StrategyStatus,
} from '../../domain/enums.ts';
import type { OrderId, PositionId, StrategyId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { ActionTables } from './action-tables.ts';
import type { AlertTables } from './alert-tables.ts';
import type { BrokerTables } from './broker-tables.ts';
import type {
  GeneratedJson,
  GeneratedMoney,
  GeneratedTimestamp,
  JsonColumn,
  Timestamp,
} from './column-types.ts';
import type { InstrumentsTable, MarketDaysTable } from './market-tables.ts';
import type {
  AuditCheckpointsTable,
  AuditLogTable,
  AuditSealingTable,
  AuditSealsTable,
  CashFlowsTable,
  EquitySnapshotsTable,
  ForeignWritesTable,
  IdempotencyKeysTable,
  LedgerOpeningsTable,
  PinnacleMigrationsTable,
  PinnacleSettingsTable,
  RealtimeOutboxTable,
  SymbolAliasesTable,
  SymbolMergesTable,
} from './own-tables.ts';
import type { PaperTables } from './paper-tables.ts';

/**
 * Every table as the catalog has it after phase 4 (`test/platform/postgres/types.test.ts` compares the two).
 *
 * `pg` and the embedded database are set up to return timestamps as RFC 3339 text with Z, and numeric and bigint as text.
 * A column that only a `<table>_no_nulls` CHECK keeps from NULL is non-null here.
 */
interface UsersTable {
  user_id: UserId;
  name: string;
  email: string;
  api_key: string;
  broker_api_key: Generated<string>;
  broker_secret: Generated<string>;
  broker_token: Generated<string>;
  total_capital: GeneratedMoney;
  risk_tolerance: Generated<string>;
  enabled: Generated<boolean>;
  created_at: GeneratedTimestamp;
  last_login: Instant | null;
  /** From step 8 of phase 4. */
  broker_totp: Generated<string>;
}

interface OrdersTable {
  order_id: OrderId;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  side: OrderSide;
  order_type: OrderType;
  quantity: number;
  price: number;
  filled_quantity: Generated<number>;
  filled_price: Generated<number>;
  status: Generated<OrderStatus>;
  broker_order_id: Generated<string>;
  error_message: Generated<string>;
  retry_count: Generated<number>;
  created_at: GeneratedTimestamp;
  updated_at: GeneratedTimestamp;
  imported: Generated<boolean>;
  /** This and what follows from step 8 of phase 4; NULL where nobody said. */
  product: Product | null;
  exchange: string | null;
  /** Rupees per share. */
  trigger_price: number | null;
  order_tag: string | null;
  origin: OrderOrigin | null;
}

interface StrategiesTable {
  strategy_id: StrategyId;
  name: string;
  description: string;
  category: string;
  risk_level: string;
  min_capital: number;
  expected_return_annual: number;
  max_drawdown: number;
  symbols: JsonColumn;
  parameters: JsonColumn;
  is_active: Generated<boolean>;
  created_at: GeneratedTimestamp;
}

interface UserStrategiesTable {
  user_id: UserId;
  strategy_id: StrategyId;
  status: Generated<StrategyStatus>;
  activated_at: GeneratedTimestamp;
  deactivated_at: Instant | null;
  allocation_amount: Generated<number>;
  custom_parameters: GeneratedJson;
  total_orders: Generated<number>;
  successful_orders: Generated<number>;
  total_pnl: Generated<number>;
  created_at: GeneratedTimestamp;
  updated_at: GeneratedTimestamp;
}

interface PositionsTable {
  position_id: PositionId;
  user_id: UserId;
  symbol: TradingSymbol;
  side: PositionSide;
  quantity: number;
  average_price: number;
  current_price: number;
  unrealized_pnl: Generated<number>;
  realized_pnl: Generated<number>;
  strategy_id: StrategyId | null;
  order_id: OrderId | null;
  status: Generated<PositionStatus>;
  opened_at: GeneratedTimestamp;
  closed_at: Instant | null;
  created_at: GeneratedTimestamp;
  updated_at: GeneratedTimestamp;
  /** The time of the quote that current_price is from. */
  marked_at: Instant | null;
  /** From step 8 of phase 4. */
  product: Product | null;
}

interface OrderFillsTable {
  seq: GeneratedAlways<string>;
  fill_id: string;
  order_id: OrderId;
  broker_fill_id: string;
  quantity: number;
  price: number;
  executed_at: Timestamp;
  overfill: Generated<boolean>;
  /** NULL only where it was taken over, from step 6 of phase 4, and moved no position of ours. */
  position_id: PositionId | null;
  flipped_to: PositionId | null;
  realized_pnl: GeneratedMoney;
  created_at: GeneratedTimestamp;
  /** From phase 3. */
  session_id: string | null;
  /** From step 6 of phase 4. */
  adopted: string | null;
}

/** From step 4 of phase 4. */
interface FillCorrectionsTable
  extends Pick<
    OrderFillsTable,
    'fill_id' | 'order_id' | 'broker_fill_id' | 'quantity' | 'price' | 'executed_at'
  > {
  realized_pnl: Rupees;
  correction_id: string;
  busted: boolean;
  reason: string;
  corrected_by: Generated<string>;
  corrected_at: GeneratedTimestamp;
}

interface NotificationsTable {
  notification_id: string;
  user_id: UserId | null;
  notification_type: NotificationType;
  alert_level: Generated<AlertLevel>;
  title: string;
  message: string;
  data: GeneratedJson;
  read_at: Instant | null;
  created_at: GeneratedTimestamp;
  /** From step 14 of phase 4. */
  routed_at: Instant | null;
}

interface TradingSessionsTable {
  session_id: string;
  user_id: UserId;
  start_time: GeneratedTimestamp;
  end_time: Instant | null;
  total_orders: Generated<number>;
  successful_orders: Generated<number>;
  total_pnl: Generated<number>;
  max_drawdown: Generated<number>;
  capital_at_start: number;
  capital_at_end: number | null;
  status: Generated<SessionStatus>;
  created_at: GeneratedTimestamp;
  updated_at: GeneratedTimestamp;
  peak_equity: number | null;
}

interface RiskRulesTable {
  rule_id: string;
  user_id: UserId;
  rule_type: RuleType;
  rule_value: number;
  current_value: Generated<number>;
  is_violated: Generated<boolean>;
  violation_message: Generated<string>;
  created_at: GeneratedTimestamp;
  updated_at: GeneratedTimestamp;
}

interface TradingHaltsTable {
  halt_id: string;
  user_id: UserId | null;
  reason: string;
  halted_by: string;
  halted_at: GeneratedTimestamp;
  resumed_by: string | null;
  resumed_reason: string | null;
  resumed_at: Instant | null;
}

interface ApiKeyGraceTable {
  api_key: string;
  user_id: UserId;
  expires_at: Timestamp;
  created_at: GeneratedTimestamp;
}

export interface Database extends ActionTables, AlertTables, BrokerTables, PaperTables {
  users: UsersTable;
  orders: OrdersTable;
  strategies: StrategiesTable;
  audit_log: AuditLogTable;
  audit_seals: AuditSealsTable;
  audit_checkpoints: AuditCheckpointsTable;
  realtime_outbox: RealtimeOutboxTable;
  idempotency_keys: IdempotencyKeysTable;
  user_strategies: UserStrategiesTable;
  positions: PositionsTable;
  order_fills: OrderFillsTable;
  notifications: NotificationsTable;
  trading_sessions: TradingSessionsTable;
  risk_rules: RiskRulesTable;
  trading_halts: TradingHaltsTable;
  api_key_grace: ApiKeyGraceTable;
  pinnacle_settings: PinnacleSettingsTable;
  audit_sealing: AuditSealingTable;
  fill_corrections: FillCorrectionsTable;
  symbol_aliases: SymbolAliasesTable;
  symbol_merges: SymbolMergesTable;
  ledger_openings: LedgerOpeningsTable;
  foreign_writes: ForeignWritesTable;
  instruments: InstrumentsTable;
  market_days: MarketDaysTable;
  cash_flows: CashFlowsTable;
  equity_snapshots: EquitySnapshotsTable;
  pinnacle_migrations: PinnacleMigrationsTable;
}
