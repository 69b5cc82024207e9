import type { Generated, GeneratedAlways } from 'kysely';
import type { FlowKind } from '../../domain/cash-flow.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type {
  GeneratedJson,
  GeneratedMoney,
  GeneratedTimestamp,
  JsonColumn,
  Timestamp,
} from './column-types.ts';

export interface AuditLogTable {
  id: GeneratedAlways<string>;
  txid: Generated<string>;
  at: GeneratedTimestamp;
  actor: Generated<string>;
  command: string;
  target: string;
  body: string;
}

export interface AuditSealsTable {
  seq: string;
  audit_id: string;
  txid: string;
  cluster: string;
  hash: string;
}

export interface AuditCheckpointsTable {
  seq: string;
  body: string;
  key_id: string;
  signature: string;
}

export interface RealtimeOutboxTable {
  id: GeneratedAlways<string>;
  at: GeneratedTimestamp;
  kind: string;
  key: string;
}

export interface IdempotencyKeysTable {
  actor: Generated<string>;
  key: string;
  command: string;
  request: string;
  result: JsonColumn;
  at: GeneratedTimestamp;
}

/** From step 3 of phase 4: always empty, its lock is what counts. */
export interface AuditSealingTable {
  held: boolean | null;
}

/** From step 5 of phase 4. */
export interface SymbolAliasesTable {
  old_symbol: TradingSymbol;
  new_symbol: TradingSymbol;
  /** A trading day, YYYY-MM-DD. Read it by `to_char`: the driver makes a Date of it. */
  from_date: string | null;
  created_by: Generated<string>;
  created_at: GeneratedTimestamp;
}

export interface SymbolMergesTable {
  merge_id: string;
  user_id: UserId;
  old_symbol: TradingSymbol;
  new_symbol: TradingSymbol;
  booked: JsonColumn;
  merged_by: Generated<string>;
  merged_at: GeneratedTimestamp;
}

/** From step 2 of phase 4. */
export interface PinnacleSettingsTable {
  name: string;
  value: string;
}

/** Created by the migration runner, not by a phase. Lacks `step` where a phase was a single script when it was applied. */
export interface PinnacleMigrationsTable {
  phase: number;
  step: Generated<number>;
  name: string;
  up_sha256: string;
  down_sha256: string;
  applied_at: Timestamp;
  applied_by: string;
  duration_ms: number;
}

/** From step 6 of phase 4. */
export interface LedgerOpeningsTable {
  run_id: string;
  user_id: UserId;
  kind: string;
  id: string;
  seq: number;
  quantity: Generated<number>;
  price: Generated<number>;
  realized_pnl: GeneratedMoney;
  capital: GeneratedMoney;
  orders: Generated<number>;
  completed: Generated<number>;
  was: string | null;
  became: string | null;
  adopted_by: Generated<string>;
  adopted_at: GeneratedTimestamp;
  undone_by: string | null;
  undone_at: Instant | null;
}

/** From step 6 of phase 4. */
export interface ForeignWritesTable {
  table_name: string;
  row_id: string;
  writer: string;
  program: string;
  operation: string;
  writes: Generated<number>;
  first_at: Instant;
  last_at: Instant;
}

/** From step 11 of phase 4. */
export interface CashFlowsTable {
  flow_id: string;
  user_id: UserId;
  kind: FlowKind;
  /** By which the capital rises; negative where it falls. */
  amount: Rupees;
  /** A trading day, YYYY-MM-DD. Read it by `to_char`: the driver makes a Date of it. */
  day: string;
  reference: string;
  reason: Generated<string>;
  corrects: string | null;
  booked_by: Generated<string>;
  created_at: GeneratedTimestamp;
}

/** What a user was worth at the end of a trading day. From step 12 of phase 4. */
export interface EquitySnapshotsTable {
  user_id: UserId;
  /** YYYY-MM-DD. Read it by `to_char`. */
  day: string;
  capital: Rupees;
  realized_pnl: GeneratedMoney;
  paid_in: GeneratedMoney;
  paid_out: GeneratedMoney;
  /** Below 0. */
  charges: GeneratedMoney;
  dividends: GeneratedMoney;
  executions: Generated<number>;
  open_positions: Generated<number>;
  /** The symbols of open positions without a price of the day. Where it has one, no value of positions is known. */
  unpriced: GeneratedJson;
  unrealized_pnl: Rupees | null;
  long_value: Rupees | null;
  short_value: Rupees | null;
  /** `marks`, or the name of a file of closing prices. */
  priced_by: string;
  /** Of the oldest mark. */
  priced_at: Instant | null;
  taken_at: GeneratedTimestamp;
}
