/** The requirements of docs/schema.md as data, compared with that page and with the catalog of a migrated database. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases } from '../../helpers/databases.ts';

type Connection = Awaited<ReturnType<(typeof databases)[number]['open']>>;
type Phase = 1 | 2 | 3 | 4;

interface Table {
  phase: Phase;
  /** Field, type, constraints. ENUM is followed by the name of our type. */
  columns: readonly (readonly [string, string, string])[];
  indexes: Record<string, string>;
}

const REQUIRED: Record<string, Table> = {
  users: {
    phase: 1,
    columns: [
      ['user_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['name', 'VARCHAR(100)', 'NOT NULL'],
      ['email', 'VARCHAR(100)', 'UNIQUE, NOT NULL'],
      ['api_key', 'VARCHAR(64)', 'UNIQUE, NOT NULL'],
      ['broker_api_key', 'VARCHAR(100)', "DEFAULT ''"],
      ['broker_secret', 'VARCHAR(100)', "DEFAULT ''"],
      ['broker_token', 'VARCHAR(100)', "DEFAULT ''"],
      ['total_capital', 'DECIMAL(15,2)', 'DEFAULT 100000.00'],
      ['risk_tolerance', 'VARCHAR(20)', "DEFAULT 'medium'"],
      ['enabled', 'BOOLEAN', 'DEFAULT true'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['last_login', 'TIMESTAMP', 'NULL'],
    ],
    indexes: {},
  },
  orders: {
    phase: 1,
    columns: [
      ['order_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['user_id', 'VARCHAR(50)', 'FOREIGN KEY'],
      ['strategy_id', 'VARCHAR(50)', 'NULL'],
      ['symbol', 'VARCHAR(20)', 'NOT NULL'],
      ['side', 'ENUM order_side', 'NOT NULL'],
      ['order_type', 'ENUM order_type', 'NOT NULL'],
      ['quantity', 'INTEGER', 'NOT NULL'],
      ['price', 'FLOAT', 'NOT NULL'],
      ['filled_quantity', 'INTEGER', 'DEFAULT 0'],
      ['filled_price', 'FLOAT', 'DEFAULT 0.0'],
      ['status', 'ENUM order_status', 'DEFAULT PENDING'],
      ['broker_order_id', 'VARCHAR(100)', "DEFAULT ''"],
      ['error_message', 'TEXT', "DEFAULT ''"],
      ['retry_count', 'INTEGER', 'DEFAULT 0'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['updated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {
      idx_orders_user_id: 'orders(user_id)',
      idx_orders_symbol: 'orders(symbol)',
      idx_orders_status: 'orders(status)',
      idx_orders_created_at: 'orders(created_at)',
    },
  },
  strategies: {
    phase: 1,
    columns: [
      ['strategy_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['name', 'VARCHAR(100)', 'NOT NULL'],
      ['description', 'TEXT', 'NOT NULL'],
      ['category', 'VARCHAR(50)', 'NOT NULL'],
      ['risk_level', 'VARCHAR(20)', 'NOT NULL'],
      ['min_capital', 'FLOAT', 'NOT NULL'],
      ['expected_return_annual', 'FLOAT', 'NOT NULL'],
      ['max_drawdown', 'FLOAT', 'NOT NULL'],
      ['symbols', 'JSON', 'NOT NULL'],
      ['parameters', 'JSON', 'NOT NULL'],
      ['is_active', 'BOOLEAN', 'DEFAULT true'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {},
  },
  user_strategies: {
    phase: 2,
    columns: [
      ['user_id', 'VARCHAR(50)', 'PRIMARY KEY, FOREIGN KEY'],
      ['strategy_id', 'VARCHAR(50)', 'PRIMARY KEY, FOREIGN KEY'],
      ['status', 'ENUM strategy_status', 'DEFAULT ACTIVE'],
      ['activated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['deactivated_at', 'TIMESTAMP', 'NULL'],
      ['allocation_amount', 'FLOAT', 'DEFAULT 0.0'],
      ['custom_parameters', 'JSON', 'DEFAULT {}'],
      ['total_orders', 'INTEGER', 'DEFAULT 0'],
      ['successful_orders', 'INTEGER', 'DEFAULT 0'],
      ['total_pnl', 'FLOAT', 'DEFAULT 0.0'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['updated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {
      idx_user_strategies_user_id: 'user_strategies(user_id)',
      idx_user_strategies_status: 'user_strategies(status)',
    },
  },
  positions: {
    phase: 2,
    columns: [
      ['position_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['user_id', 'VARCHAR(50)', 'FOREIGN KEY'],
      ['symbol', 'VARCHAR(20)', 'NOT NULL'],
      ['side', 'ENUM position_side', 'NOT NULL'],
      ['quantity', 'INTEGER', 'NOT NULL'],
      ['average_price', 'FLOAT', 'NOT NULL'],
      ['current_price', 'FLOAT', 'NOT NULL'],
      ['unrealized_pnl', 'FLOAT', 'DEFAULT 0.0'],
      ['realized_pnl', 'FLOAT', 'DEFAULT 0.0'],
      ['strategy_id', 'VARCHAR(50)', 'NULL'],
      ['order_id', 'VARCHAR(50)', 'FOREIGN KEY'],
      ['status', 'ENUM position_status', 'DEFAULT OPEN'],
      ['opened_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['closed_at', 'TIMESTAMP', 'NULL'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['updated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {
      idx_positions_user_id: 'positions(user_id)',
      idx_positions_symbol: 'positions(symbol)',
      idx_positions_status: 'positions(status)',
    },
  },
  notifications: {
    phase: 3,
    columns: [
      ['notification_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['user_id', 'VARCHAR(50)', 'FOREIGN KEY, NULL'],
      ['notification_type', 'ENUM notification_type', 'NOT NULL'],
      ['alert_level', 'ENUM alert_level', 'DEFAULT INFO'],
      ['title', 'VARCHAR(200)', 'NOT NULL'],
      ['message', 'TEXT', 'NOT NULL'],
      ['data', 'JSON', 'DEFAULT {}'],
      ['read_at', 'TIMESTAMP', 'NULL'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {
      idx_notifications_user_id: 'notifications(user_id)',
      idx_notifications_created_at: 'notifications(created_at)',
    },
  },
  trading_sessions: {
    phase: 3,
    columns: [
      ['session_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['user_id', 'VARCHAR(50)', 'FOREIGN KEY'],
      ['start_time', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['end_time', 'TIMESTAMP', 'NULL'],
      ['total_orders', 'INTEGER', 'DEFAULT 0'],
      ['successful_orders', 'INTEGER', 'DEFAULT 0'],
      ['total_pnl', 'FLOAT', 'DEFAULT 0.0'],
      ['max_drawdown', 'FLOAT', 'DEFAULT 0.0'],
      ['capital_at_start', 'FLOAT', 'NOT NULL'],
      ['capital_at_end', 'FLOAT', 'NULL'],
      ['status', 'ENUM session_status', 'DEFAULT ACTIVE'],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['updated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {
      idx_trading_sessions_user_id: 'trading_sessions(user_id)',
      idx_trading_sessions_status: 'trading_sessions(status)',
    },
  },
  risk_rules: {
    phase: 4,
    columns: [
      ['rule_id', 'VARCHAR(50)', 'PRIMARY KEY'],
      ['user_id', 'VARCHAR(50)', 'FOREIGN KEY'],
      ['rule_type', 'ENUM rule_type', 'NOT NULL'],
      ['rule_value', 'FLOAT', 'NOT NULL'],
      ['current_value', 'FLOAT', 'DEFAULT 0.0'],
      ['is_violated', 'BOOLEAN', 'DEFAULT false'],
      ['violation_message', 'TEXT', "DEFAULT ''"],
      ['created_at', 'TIMESTAMP', 'DEFAULT NOW()'],
      ['updated_at', 'TIMESTAMP', 'DEFAULT NOW()'],
    ],
    indexes: {},
  },
};

const ENUMS: Record<string, readonly string[]> = {
  order_side: ['BUY', 'SELL'],
  order_type: ['MARKET', 'LIMIT', 'STOP_LOSS'],
  order_status: ['PENDING', 'PLACED', 'FILLED', 'PARTIALLY_FILLED', 'REJECTED', 'CANCELLED'],
  strategy_status: ['ACTIVE', 'PAUSED', 'STOPPED'],
  position_side: ['LONG', 'SHORT'],
  position_status: ['OPEN', 'CLOSED'],
  notification_type: [
    'ORDER_FILLED',
    'ORDER_REJECTED',
    'SERVICE_DOWN',
    'SERVICE_RESTORED',
    'SYSTEM_ERROR',
    'STRATEGY_SIGNAL',
    'RISK_ALERT',
  ],
  alert_level: ['INFO', 'WARNING', 'ERROR', 'CRITICAL'],
  session_status: ['ACTIVE', 'COMPLETED'],
  rule_type: [
    'MAX_POSITION_SIZE',
    'MAX_DRAWDOWN',
    'MAX_DAILY_LOSS',
    'MAX_ORDERS_PER_DAY',
    'MIN_CAPITAL_THRESHOLD',
  ],
};

/** The key between positions and orders is read as docs/adr/0002 says. */
const FOREIGN_KEYS = [
  'orders.user_id -> users.user_id',
  'positions.order_id -> orders.order_id',
  'user_strategies.user_id -> users.user_id',
  'user_strategies.strategy_id -> strategies.strategy_id',
  'positions.user_id -> users.user_id',
  'notifications.user_id -> users.user_id',
  'trading_sessions.user_id -> users.user_id',
  'risk_rules.user_id -> users.user_id',
];

// The departures and additions that docs/schema.md lists.
const NOT_NULL_BESIDES = ['orders', 'positions', 'trading_sessions', 'risk_rules'].map(
  (table) => `${table}.user_id`,
);
const WIDENED_IN_PHASE_4: Record<string, string> = {
  'users.broker_api_key': 'text',
  'users.broker_secret': 'text',
  'users.broker_token': 'text',
  'orders.symbol': 'character varying(50)',
  'positions.symbol': 'character varying(50)',
};
const COLUMNS_BESIDES: Record<string, readonly Column[]> = {
  orders: [
    {
      name: 'imported',
      type: 'boolean',
      nullable: false,
      default: "(COALESCE(current_setting('pinnacle.importing'::text, true), ''::text) = 'on'::text)",
    },
  ],
  positions: [{ name: 'marked_at', type: 'timestamp without time zone', nullable: true, default: null }],
  trading_sessions: [{ name: 'peak_equity', type: 'double precision', nullable: true, default: null }],
};
const nullable = (name: string, type: string): Column => ({ name, type, nullable: true, default: null });
const COLUMNS_BESIDES_IN_PHASE_4: Record<string, readonly Column[]> = {
  users: [{ name: 'broker_totp', type: 'text', nullable: false, default: "''" }],
  orders: [
    nullable('product', 'character varying(4)'),
    nullable('exchange', 'character varying(10)'),
    nullable('trigger_price', 'double precision'),
    nullable('order_tag', 'character varying(20)'),
    nullable('origin', 'character varying(10)'),
  ],
  positions: [nullable('product', 'character varying(4)')],
  notifications: [nullable('routed_at', 'timestamp without time zone')],
};
const TABLES_BESIDES: Record<string, Phase> = {
  audit_log: 1,
  audit_seals: 1,
  audit_checkpoints: 1,
  realtime_outbox: 1,
  idempotency_keys: 1,
  order_fills: 2,
  trading_halts: 4,
  api_key_grace: 4,
  pinnacle_settings: 4,
  audit_sealing: 4,
  fill_corrections: 4,
  symbol_aliases: 4,
  symbol_merges: 4,
  ledger_openings: 4,
  foreign_writes: 4,
  instruments: 4,
  market_days: 4,
  paper_orders: 4,
  paper_trades: 4,
  cash_flows: 4,
  equity_snapshots: 4,
  corporate_actions: 4,
  corporate_action_effects: 4,
  alert_channels: 4,
  alert_routes: 4,
  alert_deliveries: 4,
  alert_items: 4,
  broker_accounts: 4,
  broker_calls: 4,
  broker_slots: 4,
};

interface Column {
  name: string;
  type: string;
  nullable: boolean;
  default: string | null;
}

const TYPES: Record<string, string> = {
  FLOAT: 'double precision',
  INTEGER: 'integer',
  BOOLEAN: 'boolean',
  TEXT: 'text',
  JSON: 'json',
  TIMESTAMP: 'timestamp without time zone',
};

function expectedColumn(
  table: string,
  phase: Phase,
  [name, type, constraints]: readonly [string, string, string],
): Column {
  const path = `${table}.${name}`;
  const word = /DEFAULT (.*)$/.exec(constraints)?.[1];
  return {
    name,
    type:
      phase === 4 && path in WIDENED_IN_PHASE_4
        ? String(WIDENED_IN_PHASE_4[path])
        : (TYPES[type] ??
          type.replace('VARCHAR', 'character varying').replace('DECIMAL', 'numeric').replace('ENUM ', '')),
    nullable: !/NOT NULL|PRIMARY KEY/.test(constraints) && !NOT_NULL_BESIDES.includes(path),
    // The requirements leave the quotes off labels and JSON.
    default: word === undefined ? null : /^([A-Z]+|\{\})$/.test(word) ? `'${word}'` : word.toLowerCase(),
  };
}

const phases = [1, 2, 3, 4] as const;
const cases = databases.flatMap((database) =>
  phases.map((phase) => ({ name: database.name, phase, database })),
);

describe.each(cases)('the $name database after phase $phase', ({ database, phase }) => {
  const tables = Object.entries(REQUIRED).filter(([, table]) => table.phase <= phase);
  let db: Connection;
  beforeAll(async () => {
    db = await database.open(phase);
  });
  afterAll(() => db?.close());

  it('has the required tables and the added ones', async () => {
    const besides = Object.entries(TABLES_BESIDES).filter(([, since]) => since <= phase);
    const { rows } = await db.query(
      `SELECT table_name AS name FROM information_schema.tables
       WHERE table_schema = 'public' AND table_name <> 'pinnacle_migrations'`,
    );
    expect(names(rows)).toEqual([...tables, ...besides].map(([name]) => name).sort());
  });

  it.each(tables)('%s: columns', async (name, table) => {
    const { rows } = await db.query(
      `SELECT c.column_name AS name,
         CASE c.data_type
           WHEN 'USER-DEFINED' THEN c.udt_name
           WHEN 'character varying' THEN format('character varying(%s)', c.character_maximum_length)
           WHEN 'numeric' THEN format('numeric(%s,%s)', c.numeric_precision, c.numeric_scale)
           ELSE c.data_type
         END AS type,
         c.is_nullable = 'YES' AS nullable,
         regexp_replace(c.column_default, '::[a-z_ ]+$', '') AS default
       FROM information_schema.columns c
       WHERE c.table_schema = 'public' AND c.table_name = $1
       ORDER BY c.ordinal_position`,
      [name],
    );
    const expected = table.columns.map((column) => expectedColumn(name, phase, column));
    const inPhase4 = phase === 4 ? (COLUMNS_BESIDES_IN_PHASE_4[name] ?? []) : [];
    expect(rows).toEqual([...expected, ...(COLUMNS_BESIDES[name] ?? []), ...inPhase4]);
  });

  it.each(tables)('%s: primary key and unique columns', async (name, table) => {
    const { rows } = await db.query(
      `SELECT k.contype AS type, array_to_string(array_agg(a.attname ORDER BY a.attnum), ',') AS columns
       FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
       WHERE k.conrelid = to_regclass($1) AND k.contype IN ('p', 'u')
       GROUP BY k.oid, k.contype`,
      [name],
    );
    const fields = (constraint: string) =>
      table.columns.filter(([, , constraints]) => constraints.includes(constraint)).map(([field]) => field);
    expect(rows.map((row) => `${row['type']} ${row['columns']}`).sort()).toEqual([
      `p ${fields('PRIMARY KEY')}`,
      ...fields('UNIQUE')
        .map((field) => `u ${field}`)
        .sort(),
    ]);
  });

  it('has the required foreign keys', async () => {
    const { rows } = await db.query(
      `SELECT format('%s.%s -> %s.%s', k.conrelid::regclass, a.attname, k.confrelid::regclass, b.attname) AS name,
         k.conrelid::regclass::text AS table
       FROM pg_constraint k
       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
       JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = k.confkey[1]
       WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace`,
    );
    const mine = rows.filter((row) => !(String(row['table']) in TABLES_BESIDES));
    const present = new Set(tables.map(([name]) => name));
    expect(names(mine)).toEqual(FOREIGN_KEYS.filter((key) => present.has(key.split('.')[0] ?? '')).sort());
  });

  it('has the required secondary indexes', async () => {
    const expected = Object.assign({}, ...tables.map(([, table]) => table.indexes));
    const { rows } = await db.query(
      `SELECT i.relname AS name, format('%s(%s)', x.indrelid::regclass, pg_get_indexdef(x.indexrelid, 1, true)) AS on
       FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
       WHERE i.relname = ANY ($1) AND x.indnatts = 1 AND NOT x.indisunique AND x.indpred IS NULL AND x.indisvalid`,
      [Object.keys(expected)],
    );
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['on']]))).toEqual(expected);
  });

  it('has the required labels in their order', async () => {
    const { rows } = await db.query(
      `SELECT t.typname AS name, json_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels
       FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid GROUP BY t.typname`,
    );
    const used = new Set(
      tables.flatMap(([, table]) => table.columns.map(([, type]) => type.replace('ENUM ', ''))),
    );
    expect(Object.fromEntries(rows.map((row) => [row['name'], row['labels']]))).toEqual(
      Object.fromEntries(Object.entries(ENUMS).filter(([name]) => used.has(name))),
    );
  });

  it('sorts every id bytewise', async () => {
    const { rows } = await db.query(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = 'public' AND character_maximum_length = 50 AND column_name ~ '(_id|flipped_to)$'
         AND collation_name IS DISTINCT FROM 'C'`,
    );
    expect(rows).toEqual([]);
  });
});

describe('docs/schema.md', () => {
  const page = readFileSync('docs/schema.md', 'utf8');

  it.each(Object.entries(REQUIRED))('lists the columns of %s', (name, { columns }) => {
    const table = page.split(`**\`${name}\`**`)[1]?.split('\n**')[0] ?? '';
    const rows = [...table.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|/gm)].slice(0, columns.length);
    expect(rows.map(([, ...cells]) => cells)).toEqual(columns);
  });

  it('lists the labels', () => {
    const section = page.split('### Labels')[1]?.split('\n#')[0] ?? '';
    for (const [type, labels] of Object.entries(ENUMS)) {
      const row = section.split('\n').find((line) => line.startsWith(`| \`${type}\` |`));
      expect(row?.match(/\b[A-Z][A-Z_]+\b/g)).toEqual(labels);
    }
  });

  it('requires 13 secondary indexes', () => {
    expect(Object.values(REQUIRED).flatMap((table) => Object.keys(table.indexes))).toHaveLength(13);
  });
});

const ENVELOPE = 'pne1.0123abcd.QUJD-_';

/** Statements the tables refuse after phase 4: what, SQL, SQLSTATE. Rows u1, u2, o1 and p1 exist. */
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['NaN as capital', "UPDATE users SET total_capital = 'NaN' WHERE user_id = 'u1'", '23514'],
  ['an order of nothing', "UPDATE orders SET quantity = 0 WHERE order_id = 'o1'", '23514'],
  ['a negative price', "UPDATE orders SET price = -1 WHERE order_id = 'o1'", '23514'],
  ['NaN as a price', "UPDATE orders SET price = 'NaN' WHERE order_id = 'o1'", '23514'],
  ['an infinite fill price', "UPDATE orders SET filled_price = 'Infinity' WHERE order_id = 'o1'", '23514'],
  ['infinite losses', "UPDATE positions SET unrealized_pnl = '-Infinity' WHERE position_id = 'p1'", '23514'],
  ['an open position of nothing', "UPDATE positions SET quantity = 0 WHERE position_id = 'p1'", '23514'],
  ['a closed position with a size', "UPDATE positions SET status = 'CLOSED', closed_at = now()", '23514'],
  [
    'a second open position of one user, symbol and strategy',
    `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
     VALUES ('p2', 'u1', 'TCS', 'SHORT', 1, 1, 1)`,
    '23505',
  ],
  [
    'a second active session of one user',
    "INSERT INTO trading_sessions (session_id, user_id, capital_at_start) VALUES ('s1', 'u1', 1), ('s2', 'u1', 1)",
    '23505',
  ],
  [
    'a second rule of one type',
    `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value)
     VALUES ('r1', 'u1', 'MAX_DRAWDOWN', 1), ('r2', 'u1', 'MAX_DRAWDOWN', 2)`,
    '23505',
  ],
  [
    'a second latched halt of everyone',
    "INSERT INTO trading_halts (halt_id, reason, halted_by) VALUES ('h1', '-', '-'), ('h2', '-', '-')",
    '23505',
  ],
  [
    'a halt resumed without a reason',
    "UPDATE trading_halts SET resumed_at = now() WHERE halt_id = 'h0'",
    '23514',
  ],
  ['a plain-text credential', "UPDATE users SET broker_token = 'secret' WHERE user_id = 'u1'", '23514'],
  [
    'a second line after an envelope',
    `UPDATE users SET broker_token = '${ENVELOPE}' || chr(10) || 'x'`,
    '23514',
  ],
  [
    'a plain-text credential in a new row',
    "INSERT INTO users (user_id, name, email, api_key, broker_secret) VALUES ('u3', '-', 'c', 'c', 'secret')",
    '23514',
  ],
  ['a kind that nobody projects', "INSERT INTO realtime_outbox (kind, key) VALUES ('x', 'y')", '23514'],
  ['changing the audit log', "UPDATE audit_log SET body = ''", '42501'],
  ['deleting from the audit log', 'DELETE FROM audit_log', '42501'],
  ['emptying the audit log', 'TRUNCATE audit_log', '42501'],
  ['changing a seal', "UPDATE audit_seals SET hash = ''", '42501'],
  ['deleting seals', 'DELETE FROM audit_seals', '42501'],
  ['emptying the checkpoints', 'TRUNCATE audit_checkpoints', '42501'],
];

describe.each(databases)('the tables of the $name database', (database) => {
  let db: Connection;
  beforeAll(async () => {
    db = await database.open(4);
    for (const statement of [
      "INSERT INTO users (user_id, name, email, api_key) VALUES ('u1', '-', 'a', 'a')",
      // As it was before phase 4, which does not touch what is stored.
      'ALTER TABLE users DISABLE TRIGGER users_broker_envelope',
      "INSERT INTO users (user_id, name, email, api_key, broker_secret) VALUES ('u2', '-', 'b', 'b', 'in plain text')",
      'ALTER TABLE users ENABLE TRIGGER users_broker_envelope',
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       VALUES ('o1', 'u1', 'TCS', 'BUY', 'LIMIT', 1, 1)`,
      `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, order_id)
       VALUES ('p1', 'u1', 'TCS', 'LONG', 1, 1, 1, 'o1')`,
      "INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) VALUES ('h0', 'u1', '-', '-')",
      "INSERT INTO audit_log (command, target, body) VALUES ('order place', 'order:o1', '{}')",
    ])
      await db.query(statement);
  });
  afterAll(() => db?.close());

  it.each(REFUSED)('refuse %s', async (_what, statement, code) => {
    await expect(db.query(statement)).rejects.toMatchObject({ code });
  });

  it('take an envelope, and its removal', async () => {
    await db.query(`UPDATE users SET broker_token = '${ENVELOPE}' WHERE user_id = 'u1'`);
    await db.query("UPDATE users SET broker_token = '' WHERE user_id = 'u1'");
  });

  it('let a user with an old plain-text credential be changed otherwise', async () => {
    await db.query(
      `UPDATE users SET total_capital = 1, broker_secret = broker_secret, broker_token = '${ENVELOPE}'
       WHERE user_id = 'u2'`,
    );
  });

  it('do not repeat a refused credential in the error', async () => {
    const error: unknown = await db
      .query("UPDATE users SET broker_token = 'hunter2' WHERE user_id = 'u1'")
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      constraint: 'users_broker_envelope',
      column: 'broker_token',
      table: 'users',
    });
    const { message, detail } = error as { message: string; detail?: string };
    expect(`${message} ${detail}`).not.toContain('hunter2');
  });

  it('hold one latched halt of a user beside one of everyone', async () => {
    await db.query("INSERT INTO trading_halts (halt_id, reason, halted_by) VALUES ('h9', '-', '-')");
  });
});

function names(rows: readonly Record<string, unknown>[]): string[] {
  return rows.map((row) => String(row['name'])).sort();
}
