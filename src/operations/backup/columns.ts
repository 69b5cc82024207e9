import type { Database } from '../../platform/postgres/tables.ts';

/** A table of ours. */
type TableName = keyof Database;

const LISTED: Readonly<Record<TableName, string>> = {
  pinnacle_migrations: 'phase name up_sha256 down_sha256 applied_at applied_by duration_ms step',
  users: `user_id name email api_key broker_api_key broker_secret broker_token total_capital risk_tolerance enabled
    created_at last_login broker_totp`,
  orders: `order_id user_id strategy_id symbol side order_type quantity price filled_quantity filled_price status
    broker_order_id error_message retry_count created_at updated_at imported product exchange trigger_price
    order_tag origin`,
  strategies: `strategy_id name description category risk_level min_capital expected_return_annual max_drawdown symbols
    parameters is_active created_at`,
  audit_log: 'id txid at actor command target body',
  audit_seals: 'seq audit_id txid cluster hash',
  audit_checkpoints: 'seq body key_id signature',
  idempotency_keys: 'actor key command request result at',
  realtime_outbox: 'id at kind key',
  user_strategies: `user_id strategy_id status activated_at deactivated_at allocation_amount custom_parameters
    total_orders successful_orders total_pnl created_at updated_at`,
  positions: `position_id user_id symbol side quantity average_price current_price unrealized_pnl realized_pnl
    strategy_id order_id status opened_at closed_at created_at updated_at marked_at product`,
  order_fills: `seq fill_id order_id broker_fill_id quantity price executed_at overfill position_id flipped_to
    realized_pnl created_at session_id adopted`,
  notifications:
    'notification_id user_id notification_type alert_level title message data read_at created_at routed_at',
  trading_sessions: `session_id user_id start_time end_time total_orders successful_orders total_pnl max_drawdown
    capital_at_start capital_at_end status created_at updated_at peak_equity`,
  risk_rules: `rule_id user_id rule_type rule_value current_value is_violated violation_message created_at updated_at`,
  trading_halts: 'halt_id user_id reason halted_by halted_at resumed_by resumed_reason resumed_at',
  api_key_grace: 'api_key user_id expires_at created_at',
  pinnacle_settings: 'name value',
  audit_sealing: 'held',
  fill_corrections: `correction_id fill_id order_id broker_fill_id busted quantity price executed_at realized_pnl reason
    corrected_by corrected_at`,
  symbol_aliases: 'old_symbol new_symbol from_date created_by created_at',
  symbol_merges: 'merge_id user_id old_symbol new_symbol booked merged_by merged_at',
  ledger_openings: `run_id user_id kind id seq quantity price realized_pnl capital orders completed was became adopted_by
    adopted_at undone_by undone_at`,
  foreign_writes: 'table_name row_id writer program operation writes first_at last_at',
  broker_accounts: `user_id client_code logged_in_at token_expires_at totp_step clock_skew_ms synced_at sync_problem`,
  broker_calls: `call_id user_id order_id verb tag request sent_by sent_at answered_at outcome http_status answer
    broker_order_id looks resolved_at`,
  broker_slots: 'user_id method at',
  instruments: `exchange trading_symbol symbol token name isin series kind lot tick freeze_quantity expiry strike listed
    seen_at`,
  market_days: 'exchange day name kind opens closes source',
  paper_orders: `user_id broker_order_id tag symbol exchange side order_type product quantity price trigger_price triggered
    status filled_quantity filled_price text placed_at accepted_at quoted_at updated_at`,
  paper_trades: 'user_id broker_fill_id broker_order_id quantity price executed_at',
  cash_flows: 'flow_id user_id kind amount day reference reason corrects booked_by created_at',
  equity_snapshots: `user_id day capital realized_pnl paid_in paid_out charges dividends executions open_positions unpriced
    unrealized_pnl long_value short_value priced_by priced_at taken_at`,
  corporate_actions: `action_id type symbol new_symbol ex_date numerator denominator amount cash_price cost_percent tds_percent
    tds_above source status applied_with added_by created_at applied_at reversed_at reason`,
  corporate_action_effects: `action_id user_id position_id seq effective_at shares_before shares cost price numerator
    denominator fraction entitled cash tds opened average_before price_before unrealized_before marked_before applied_by
    applied_at reversed_at`,
  alert_channels: 'channel kind settings secret old_secret old_secret_until enabled created_by created_at',
  alert_routes: `route_id channel user_id min_level types quiet group_wait repeat_after hourly_limit composed_at created_by
    created_at`,
  alert_deliveries: `delivery_id route_id channel group_key critical message state attempts created_at next_at give_up_at last_error
    sent_at provider_id channel_state`,
  alert_items: 'notification_id route_id repeat_key routed_at delivery_id',
};

/** Every table of ours, in the order of the rollout, with its columns: no name in a backup counts unless it is here. */
export const COLUMNS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(LISTED).map(([table, columns]) => [table, columns.split(/\s+/)]),
);

/** A table of a backup and its columns, in the order of their values in a row. */
export interface TableColumns {
  table: string;
  columns: readonly string[];
}

/** A part of the data of a backup: a table and its columns, then its rows in pieces of any length. */
export type Part = TableColumns | { rows: Buffer };

/** How many rows of a table are in a backup, and their bytes, which format 1 does not tell. */
export interface TableCount {
  table: string;
  rows: number;
  bytes?: number;
}
