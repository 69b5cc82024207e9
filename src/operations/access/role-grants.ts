import { USER_COLUMNS } from '../../trading/users/store.ts';
import { CHANNEL, CHANNEL_COLUMNS, ROUTE, SENDING } from './alert-grants.ts';

/** Privileges on one table or function: true for all of it, or a list of columns. */
export type Grants = Partial<Record<Privilege, true | readonly string[]>>;
type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'EXECUTE';

/** The group roles, none of which can log in. People and services become members. */
export const ROLES = [
  'pinnacle_owner',
  'pinnacle_operator',
  'pinnacle_cron',
  'pinnacle_readonly',
  'pinnacle_auditor',
] as const;
export type Role = (typeof ROLES)[number];

/** The role that owns the tables; it needs no grants. */
export const OWNER = 'pinnacle_owner';

const READ: Grants = { SELECT: true };
const ADD: Grants = { SELECT: true, INSERT: true };
const KEEP: Grants = { SELECT: true, INSERT: true, UPDATE: true };
const EDIT: Grants = { SELECT: true, INSERT: true, UPDATE: true, DELETE: true };

/** The outbox: rows are inserted with a change and deleted once Redis has it. */
const QUEUE: Grants = { SELECT: true, INSERT: true, DELETE: true };

/** Results under an idempotency key; the database itself sets their actor and time. */
const KEYED: Grants = {
  SELECT: true,
  INSERT: ['key', 'command', 'request', 'result'],
  UPDATE: ['result'],
  DELETE: true,
};

/** Corrections of executions: the database itself sets who and when. */
const CORRECTION = [
  ...['correction_id', 'fill_id', 'order_id', 'broker_fill_id', 'busted', 'quantity', 'price', 'executed_at'],
  ...['realized_pnl', 'reason'],
] as const;

/** Aliases and merges of symbols: the database itself sets who and when, and a trigger asks for the audit entry. */
const ALIASED: Grants = {
  SELECT: true,
  INSERT: ['old_symbol', 'new_symbol', 'from_date'],
  UPDATE: ['from_date'],
  DELETE: true,
};
const MERGED: Grants = {
  SELECT: true,
  INSERT: ['merge_id', 'user_id', 'old_symbol', 'new_symbol', 'booked'],
  DELETE: true,
};

/** Opening balances: the database itself sets who and when, and a trigger asks for the audit entry. They are taken back, not deleted. */
const OPENED: Grants = {
  SELECT: true,
  INSERT: [
    ...[
      'run_id',
      'user_id',
      'kind',
      'id',
      'seq',
      'quantity',
      'price',
      'realized_pnl',
      'capital',
      'orders',
      'completed',
    ],
    ...['was', 'became'],
  ],
  UPDATE: ['undone_by', 'undone_at'],
};

/** Movements of money: the database itself sets who and when, and a trigger asks for the audit entry. None is changed. */
const FLOW: Grants = {
  SELECT: true,
  INSERT: ['flow_id', 'user_id', 'kind', 'amount', 'day', 'reference', 'reason', 'corrects'],
};

/** Corporate actions: who added one and when is what the database says, and its terms are never changed. */
const ACTION: Grants = {
  SELECT: true,
  INSERT: [
    ...[
      'action_id',
      'type',
      'symbol',
      'new_symbol',
      'ex_date',
      'numerator',
      'denominator',
      'amount',
      'cash_price',
    ],
    ...['cost_percent', 'tds_percent', 'tds_above', 'source'],
  ],
  UPDATE: ['status', 'applied_with', 'cash_price', 'applied_at', 'reversed_at', 'reason'],
};

/** What they made of positions: only cash that was not known yet is filled in, that they were reversed, and their place
 * where executions around them are rebuilt. */
const ACTED: Grants = {
  SELECT: true,
  INSERT: [
    ...[
      'action_id',
      'user_id',
      'position_id',
      'seq',
      'effective_at',
      'shares_before',
      'shares',
      'cost',
      'price',
    ],
    ...[
      'numerator',
      'denominator',
      'fraction',
      'entitled',
      'cash',
      'tds',
      'opened',
      'average_before',
      'price_before',
    ],
    ...['unrealized_before', 'marked_before'],
  ],
  UPDATE: ['seq', 'cash', 'reversed_at'],
};

/** Calls of the broker: what was asked, by whom and when is never changed, only what became of it. */
const CALLED: Grants = {
  SELECT: true,
  INSERT: ['call_id', 'user_id', 'order_id', 'verb', 'tag', 'request'],
  UPDATE: ['answered_at', 'outcome', 'http_status', 'answer', 'broker_order_id', 'looks', 'resolved_at'],
};

/** Audit entries: the database itself sets actor and time. */
const ENTRY = ['command', 'target', 'body'] as const;

/** Every role that writes audit entries may seal them. */
const SEALING: Readonly<Record<string, Grants>> = {
  audit_seals: READ,
  audit_checkpoints: ADD,
  'FUNCTION audit_seal(integer,boolean)': { EXECUTE: true },
};

/** Tables that are granted to nobody: only functions of the owner use them. */
export const UNGRANTED: readonly string[] = ['audit_sealing'];

/** What every read-only role may read; the auditor also reads the audit log. */
const SELECT_ONLY: Readonly<Record<string, Grants>> = {
  pinnacle_migrations: READ,
  // Without the hash of the API key and the broker credentials.
  users: { SELECT: USER_COLUMNS },
  orders: READ,
  strategies: READ,
  user_strategies: READ,
  positions: READ,
  order_fills: READ,
  notifications: READ,
  trading_sessions: READ,
  risk_rules: READ,
  trading_halts: READ,
  pinnacle_settings: READ,
  fill_corrections: READ,
  symbol_aliases: READ,
  symbol_merges: READ,
  ledger_openings: READ,
  realtime_outbox: READ,
  broker_accounts: READ,
  broker_calls: READ,
  instruments: READ,
  market_days: READ,
  paper_orders: READ,
  paper_trades: READ,
  cash_flows: READ,
  equity_snapshots: READ,
  corporate_actions: READ,
  corporate_action_effects: READ,
  alert_channels: { SELECT: CHANNEL_COLUMNS },
  alert_routes: READ,
  alert_deliveries: READ,
  alert_items: READ,
};

/** Every grant: role, table or function, privilege, columns. `access apply` revokes any other. */
export const GRANTS: Readonly<Record<Exclude<Role, typeof OWNER>, Readonly<Record<string, Grants>>>> = {
  pinnacle_operator: {
    pinnacle_migrations: READ,
    users: {
      SELECT: true,
      INSERT: true,
      UPDATE: [
        ...['name', 'email', 'api_key', 'broker_api_key', 'broker_secret', 'broker_token', 'broker_totp'],
        ...['total_capital', 'risk_tolerance', 'enabled', 'last_login'],
      ],
    },
    orders: KEEP,
    strategies: KEEP,
    user_strategies: KEEP,
    positions: KEEP,
    order_fills: ADD,
    // Who corrected an execution, and when, is what the database says; a trigger asks for the audit entry.
    fill_corrections: { SELECT: true, INSERT: CORRECTION },
    'FUNCTION order_fills_take_out(text[])': { EXECUTE: true },
    symbol_aliases: ALIASED,
    symbol_merges: MERGED,
    ledger_openings: OPENED,
    foreign_writes: READ,
    broker_accounts: KEEP,
    broker_calls: CALLED,
    broker_slots: QUEUE,
    instruments: KEEP,
    market_days: EDIT,
    paper_orders: KEEP,
    paper_trades: ADD,
    cash_flows: FLOW,
    equity_snapshots: KEEP,
    corporate_actions: ACTION,
    corporate_action_effects: ACTED,
    alert_channels: CHANNEL,
    alert_routes: ROUTE,
    ...SENDING,
    notifications: EDIT,
    trading_sessions: EDIT,
    risk_rules: EDIT,
    // A trigger asks for the audit entry of the change.
    trading_halts: {
      SELECT: true,
      INSERT: true,
      UPDATE: ['reason', 'resumed_by', 'resumed_reason', 'resumed_at'],
    },
    pinnacle_settings: KEEP,
    api_key_grace: EDIT,
    realtime_outbox: QUEUE,
    idempotency_keys: KEYED,
    audit_log: { SELECT: true, INSERT: ENTRY },
    ...SEALING,
  },
  // Evaluates rules, marks positions, starts and ends sessions, sends notifications, deletes expired rows. It cannot place orders or
  // read secrets, and a trigger keeps it from deleting a rule that is in force.
  pinnacle_cron: {
    ...SELECT_ONLY,
    // Locking a row needs UPDATE on some column; no command of this role writes this one.
    users: { SELECT: USER_COLUMNS, UPDATE: ['last_login'] },
    positions: { SELECT: true, UPDATE: ['current_price', 'unrealized_pnl', 'updated_at', 'marked_at'] },
    notifications: { SELECT: true, INSERT: true, UPDATE: ['read_at', 'routed_at'], DELETE: true },
    // It sends alerts, and needs their secrets, which it cannot decrypt without the key ring.
    alert_channels: READ,
    alert_routes: { SELECT: true, UPDATE: ['composed_at'] },
    ...SENDING,
    // A trigger keeps it to sessions that run, and to deleting those that ended long ago.
    trading_sessions: {
      SELECT: true,
      INSERT: true,
      UPDATE: ['status', 'end_time', 'capital_at_end', 'max_drawdown', 'peak_equity', 'updated_at'],
      DELETE: true,
    },
    instruments: KEEP,
    equity_snapshots: KEEP,
    risk_rules: {
      SELECT: true,
      UPDATE: ['current_value', 'is_violated', 'violation_message', 'updated_at'],
      DELETE: true,
    },
    realtime_outbox: QUEUE,
    idempotency_keys: KEYED,
    audit_log: { SELECT: ['id', 'txid', 'at'], INSERT: ENTRY },
    ...SEALING,
  },
  pinnacle_readonly: SELECT_ONLY,
  // xmin is the transaction that wrote a row: it shows a change without its audit row.
  pinnacle_auditor: {
    ...SELECT_ONLY,
    foreign_writes: READ,
    users: { SELECT: [...USER_COLUMNS, 'xmin'] },
    audit_log: READ,
    audit_seals: READ,
    audit_checkpoints: READ,
    // Enough to see their age.
    idempotency_keys: { SELECT: ['at'] },
  },
};
