/** What a role may do to one table or function: with a list of columns, to those alone. */
export type Grants = Partial<Record<Privilege, true | readonly string[]>>;
type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' | 'EXECUTE';

/** The group roles, none of which can log in; people and services are made members. */
export const ROLES = [
  'pinnacle_owner',
  'pinnacle_operator',
  'pinnacle_cron',
  'pinnacle_readonly',
  'pinnacle_auditor',
] as const;
export type Role = (typeof ROLES)[number];

/** Who owns the tables. It needs no grants. */
export const OWNER = 'pinnacle_owner';

/** Of a trader all but the hash of the key and the broker's credentials. */
const PUBLIC_USER = [
  'user_id',
  'name',
  'email',
  'total_capital',
  'risk_tolerance',
  'enabled',
  'created_at',
  'last_login',
] as const;

const READ: Grants = { SELECT: true };
const ADD: Grants = { SELECT: true, INSERT: true };
const KEEP: Grants = { SELECT: true, INSERT: true, UPDATE: true };
const EDIT: Grants = { SELECT: true, INSERT: true, UPDATE: true, DELETE: true };

/** What waits for Redis: written with the change, taken away once it is there. */
const QUEUE: Grants = { SELECT: true, INSERT: true, DELETE: true };

/** What a command gave under a key: whose it is and since when is for the database to say. */
const KEYED: Grants = {
  SELECT: true,
  INSERT: ['key', 'command', 'request', 'result'],
  UPDATE: ['result'],
  DELETE: true,
};

/** Who did it and when is for the database to say: only what was done can be written. */
const ENTRY = ['command', 'target', 'body'] as const;

/** Whoever writes entries has them sealed. */
const SEALING: Readonly<Record<string, Grants>> = {
  audit_seals: READ,
  audit_checkpoints: ADD,
  'FUNCTION audit_seal(integer,boolean)': { EXECUTE: true },
};

/** Everybody who may only look: the same, and the auditor sees the audit log besides. */
const SELECT_ONLY: Readonly<Record<string, Grants>> = {
  pinnacle_migrations: READ,
  users: { SELECT: PUBLIC_USER },
  orders: READ,
  strategies: READ,
  user_strategies: READ,
  positions: READ,
  order_fills: READ,
  notifications: READ,
  trading_sessions: READ,
  risk_rules: READ,
  trading_halts: READ,
  realtime_outbox: READ,
};

/** Every grant there is: role, table or function, privilege, columns. What is not here is taken away. */
export const GRANTS: Readonly<Record<Exclude<Role, typeof OWNER>, Readonly<Record<string, Grants>>>> = {
  pinnacle_operator: {
    pinnacle_migrations: READ,
    users: {
      SELECT: true,
      INSERT: true,
      UPDATE: [
        ...['name', 'email', 'api_key', 'broker_api_key', 'broker_secret', 'broker_token'],
        ...['total_capital', 'risk_tolerance', 'enabled', 'last_login'],
      ],
    },
    orders: KEEP,
    strategies: KEEP,
    user_strategies: KEEP,
    positions: KEEP,
    order_fills: ADD,
    notifications: EDIT,
    trading_sessions: EDIT,
    risk_rules: EDIT,
    trading_halts: KEEP,
    api_key_grace: EDIT,
    realtime_outbox: QUEUE,
    idempotency_keys: KEYED,
    audit_log: { SELECT: true, INSERT: ENTRY },
    ...SEALING,
  },
  // Measures rules, marks positions, ends sessions, sends notices, deletes what is past its time. It places no order,
  // sees no secret, and a trigger keeps it from deleting a rule that is in force.
  pinnacle_cron: {
    ...SELECT_ONLY,
    // The right to update any column is what a row is locked with; this one, no command of its own writes.
    users: { SELECT: PUBLIC_USER, UPDATE: ['last_login'] },
    positions: { SELECT: true, UPDATE: ['current_price', 'unrealized_pnl', 'updated_at', 'marked_at'] },
    notifications: { SELECT: true, INSERT: true, UPDATE: ['read_at'], DELETE: true },
    trading_sessions: { SELECT: true, UPDATE: true, DELETE: true },
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
  // xmin: which transaction wrote a row, so that a change without its audit row is found.
  pinnacle_auditor: {
    ...SELECT_ONLY,
    users: { SELECT: [...PUBLIC_USER, 'xmin'] },
    audit_log: READ,
    audit_seals: READ,
    audit_checkpoints: READ,
    // How old they are.
    idempotency_keys: { SELECT: ['at'] },
  },
};
