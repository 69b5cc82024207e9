/** A way in which another program made the tables of the document. */
export interface Shape {
  name: string;
  /** Flags of `migrate adopt` for it. */
  flags?: readonly string[];
  schema?: string;
  /** What makes the tables and fills them with so many orders. */
  sql: (orders: number) => string[];
  /** How `order_id` number n is written, as SQL over `n`. */
  insert: string;
}

interface Parts {
  id: string;
  newId: (prefix: string, n: string) => string;
  side: string;
  orderType: string;
  orderStatus: string;
  strategyStatus: string;
  positionSide: string;
  positionStatus: string;
  notificationType: string;
  alertLevel: string;
  sessionStatus: string;
  ruleType: string;
  time: string;
  number: string;
  capital: string;
  json: string;
  name: string;
  text: string;
  label: (text: string) => string;
  before: string[];
  extra: string;
  defaults: boolean;
}

const TYPES: readonly (readonly [keyof Parts, string, string, readonly string[]])[] = [
  ['side', 'order_side', 'orderside', ['BUY', 'SELL']],
  ['orderType', 'order_type', 'ordertype', ['MARKET', 'LIMIT', 'STOP_LOSS']],
  [
    'orderStatus',
    'order_status',
    'orderstatus',
    ['PENDING', 'PLACED', 'FILLED', 'PARTIALLY_FILLED', 'REJECTED', 'CANCELLED'],
  ],
  ['strategyStatus', 'strategy_status', 'strategystatus', ['ACTIVE', 'PAUSED', 'STOPPED']],
  ['positionSide', 'position_side', 'positionside', ['LONG', 'SHORT']],
  ['positionStatus', 'position_status', 'positionstatus', ['OPEN', 'CLOSED']],
  [
    'notificationType',
    'notification_type',
    'notificationtype',
    [
      'ORDER_FILLED',
      'ORDER_REJECTED',
      'SERVICE_DOWN',
      'SERVICE_RESTORED',
      'SYSTEM_ERROR',
      'STRATEGY_SIGNAL',
      'RISK_ALERT',
    ],
  ],
  ['alertLevel', 'alert_level', 'alertlevel', ['INFO', 'WARNING', 'ERROR', 'CRITICAL']],
  ['sessionStatus', 'session_status', 'sessionstatus', ['ACTIVE', 'COMPLETED']],
  [
    'ruleType',
    'rule_type',
    'ruletype',
    ['MAX_POSITION_SIZE', 'MAX_DRAWDOWN', 'MAX_DAILY_LOSS', 'MAX_ORDERS_PER_DAY', 'MIN_CAPITAL_THRESHOLD'],
  ],
];

const same = (text: string) => text;
const lower = (text: string) => text.toLowerCase();

/** Enum types under our names or theirs, or text; with the statements that create them. */
function enums(kind: 'ours' | 'theirs' | string, label: (text: string) => string = same): Partial<Parts> {
  const named = kind === 'ours' || kind === 'theirs';
  const name = (ours: string, theirs: string) => (kind === 'ours' ? ours : kind === 'theirs' ? theirs : kind);
  return {
    ...Object.fromEntries(TYPES.map(([key, ours, theirs]) => [key, name(ours, theirs)])),
    label,
    before: named
      ? TYPES.map(
          ([, ours, theirs, labels]) =>
            `CREATE TYPE ${name(ours, theirs)} AS ENUM (${labels.map((one) => `'${label(one)}'`).join(', ')})`,
        )
      : [],
  };
}

const PLAIN: Parts = {
  id: 'varchar(50)',
  newId: (prefix, n) => `'${prefix}' || ${n}`,
  side: '',
  orderType: '',
  orderStatus: '',
  strategyStatus: '',
  positionSide: '',
  positionStatus: '',
  notificationType: '',
  alertLevel: '',
  sessionStatus: '',
  ruleType: '',
  time: 'timestamp',
  number: 'double precision',
  capital: 'numeric(15,2)',
  json: 'json',
  name: 'varchar(100)',
  text: 'text',
  label: same,
  before: [],
  extra: '',
  defaults: true,
};

/** The tables of the document in the manner of an ORM. */
function tables(given: Partial<Parts>): string[] {
  const p = { ...PLAIN, ...given };
  const q = (label: string) => `'${p.label(label)}'`;
  const dflt = (value: string) => (p.defaults ? ` DEFAULT ${value}` : '');
  return [
    ...p.before,
    `CREATE TABLE users (user_id ${p.id} NOT NULL, name ${p.name} NOT NULL, email ${p.name} NOT NULL, api_key varchar(64) NOT NULL,
      broker_api_key ${p.name}${dflt("''")}, broker_secret ${p.name}${dflt("''")}, broker_token ${p.name}${dflt("''")},
      total_capital ${p.capital}${dflt('100000')}, risk_tolerance varchar(20)${dflt("'medium'")}, enabled boolean${dflt('true')},
      created_at ${p.time}${dflt('now()')}, last_login ${p.time}${p.extra ? ', telegram_chat_id bigint, tier text NOT NULL' : ''},
      CONSTRAINT pk_users PRIMARY KEY (user_id))`,
    'CREATE UNIQUE INDEX ix_users_email ON users (email)',
    'ALTER TABLE users ADD CONSTRAINT uq_users_api_key UNIQUE (api_key)',
    `CREATE TABLE strategies (strategy_id varchar(50) NOT NULL, name ${p.name} NOT NULL, description text NOT NULL, category varchar(50) NOT NULL,
      risk_level varchar(20) NOT NULL, min_capital ${p.number} NOT NULL, expected_return_annual ${p.number} NOT NULL, max_drawdown ${p.number} NOT NULL,
      symbols ${p.json} NOT NULL, parameters ${p.json} NOT NULL, is_active boolean${dflt('true')}, created_at ${p.time}${dflt('now()')}, PRIMARY KEY (strategy_id))`,
    `CREATE TABLE orders (order_id ${p.id} NOT NULL, user_id ${p.id} NOT NULL, strategy_id varchar(50), symbol varchar(20) NOT NULL,
      side ${p.side} NOT NULL, order_type ${p.orderType} NOT NULL, quantity integer NOT NULL, price ${p.number} NOT NULL,
      filled_quantity integer${dflt('0')}, filled_price ${p.number}${dflt('0')}, status ${p.orderStatus}${dflt(q('PENDING'))},
      broker_order_id varchar(100)${dflt("''")}, error_message ${p.text}${dflt("''")}, retry_count integer${dflt('0')},
      created_at ${p.time}${dflt('now()')}, updated_at ${p.time}${dflt('now()')}${p.extra},
      CONSTRAINT pk_orders PRIMARY KEY (order_id), CONSTRAINT fk_orders_user FOREIGN KEY (user_id) REFERENCES users (user_id))`,
    'CREATE INDEX ix_orders_user_id ON orders (user_id)',
    'CREATE INDEX ix_orders_symbol ON orders (symbol)',
    `CREATE TABLE positions (position_id ${p.id} NOT NULL, user_id ${p.id} NOT NULL, symbol varchar(20) NOT NULL, side ${p.positionSide} NOT NULL,
      quantity integer NOT NULL, average_price ${p.number} NOT NULL, current_price ${p.number} NOT NULL, unrealized_pnl ${p.number}${dflt('0')},
      realized_pnl ${p.number}${dflt('0')}, strategy_id varchar(50), order_id ${p.id}, status ${p.positionStatus}${dflt(q('OPEN'))},
      opened_at ${p.time}${dflt('now()')}, closed_at ${p.time}, created_at ${p.time}${dflt('now()')}, updated_at ${p.time}${dflt('now()')},
      PRIMARY KEY (position_id), FOREIGN KEY (user_id) REFERENCES users (user_id) ON DELETE CASCADE, FOREIGN KEY (order_id) REFERENCES orders (order_id))`,
    `CREATE INDEX ix_positions_open ON positions (user_id) WHERE status = ${q('OPEN')}`,
    `CREATE TABLE user_strategies (user_id ${p.id} NOT NULL REFERENCES users (user_id), strategy_id varchar(50) NOT NULL REFERENCES strategies (strategy_id),
      status ${p.strategyStatus}${dflt(q('ACTIVE'))}, activated_at ${p.time}${dflt('now()')}, deactivated_at ${p.time}, allocation_amount ${p.number}${dflt('0')},
      custom_parameters ${p.json}${dflt("'{}'")}, total_orders integer${dflt('0')}, successful_orders integer${dflt('0')}, total_pnl ${p.number}${dflt('0')},
      created_at ${p.time}${dflt('now()')}, updated_at ${p.time}${dflt('now()')}, PRIMARY KEY (user_id, strategy_id))`,
    `CREATE TABLE notifications (notification_id ${p.id} NOT NULL PRIMARY KEY, user_id ${p.id} REFERENCES users (user_id), notification_type ${p.notificationType} NOT NULL,
      alert_level ${p.alertLevel}${dflt(q('INFO'))}, title varchar(200) NOT NULL, message text NOT NULL, data ${p.json}${dflt("'{}'")}, read_at ${p.time}, created_at ${p.time}${dflt('now()')})`,
    `CREATE TABLE trading_sessions (session_id ${p.id} NOT NULL PRIMARY KEY, user_id ${p.id} NOT NULL REFERENCES users (user_id), start_time ${p.time}${dflt('now()')}, end_time ${p.time},
      total_orders integer${dflt('0')}, successful_orders integer${dflt('0')}, total_pnl ${p.number}${dflt('0')}, max_drawdown ${p.number}${dflt('0')},
      capital_at_start ${p.number} NOT NULL, capital_at_end ${p.number}, status ${p.sessionStatus}${dflt(q('ACTIVE'))}, created_at ${p.time}${dflt('now()')}, updated_at ${p.time}${dflt('now()')})`,
    `CREATE TABLE risk_rules (rule_id ${p.id} NOT NULL PRIMARY KEY, user_id ${p.id} NOT NULL REFERENCES users (user_id), rule_type ${p.ruleType} NOT NULL, rule_value ${p.number} NOT NULL,
      current_value ${p.number}${dflt('0')}, is_violated boolean${dflt('false')}, violation_message text${dflt("''")}, created_at ${p.time}${dflt('now()')}, updated_at ${p.time}${dflt('now()')})`,
  ];
}

const AT = "timestamp '2026-01-05 04:00:00.123456' + n * interval '1 second'";

/** Rows of every table; some contradict each other. */
function rows(given: Partial<Parts>, orders: number): string[] {
  const p = { ...PLAIN, ...given };
  const q = (label: string) => `'${p.label(label)}'`;
  const at = p.time.includes('with time zone') ? `(${AT}) AT TIME ZONE 'UTC'` : AT;
  const id = (prefix: string, n = 'n') => p.newId(prefix, n);
  return [
    `INSERT INTO users (user_id, name, email, api_key, broker_api_key, broker_secret, broker_token, total_capital, risk_tolerance, enabled, created_at${p.extra ? ', tier' : ''})
      SELECT ${id('trader_')}, 'Trader ' || n, 'u' || n || '@example.com', CASE WHEN n = 1 THEN 'key in the clear' ELSE encode(sha256(n::text::bytea), 'hex') END, '', '', '', 250000.25 + n, 'medium', true, ${at}${p.extra ? ", 'gold'" : ''} FROM generate_series(1, 20) n`,
    `INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual, max_drawdown, symbols, parameters, is_active, created_at)
      SELECT 'rsi_dmi', 'RSI', 'd', 'c', 'Low', 1000, 12.5, 10, '["ITC", "TCS"]', '{"rsi_period": 14}', true, ${at} FROM generate_series(1, 1) n`,
    `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status, broker_order_id, error_message, retry_count, created_at, updated_at)
      SELECT ${id('an order of theirs ')}, ${id('trader_', '(1 + n % 20)')}, CASE WHEN n % 3 = 0 THEN 'manual' END, 'ITC', CASE n % 2 WHEN 0 THEN ${q('BUY')} ELSE ${q('SELL')} END${cast(p.side)}, ${q('LIMIT')}${cast(p.orderType)},
        1 + n % 100, round((100 + n % 1000) / 7.0, 2), CASE WHEN n % 4 = 0 AND n <> 4 THEN 1 + n % 100 ELSE 0 END, CASE WHEN n % 4 = 0 THEN 100.05 ELSE 0 END,
        CASE WHEN n % 4 = 0 THEN ${q('FILLED')} WHEN n % 4 = 1 THEN ${q('CANCELLED')} ELSE ${q('PLACED')} END${cast(p.orderStatus)}, 'b' || n, '', 0, ${at}, ${at} FROM generate_series(1, ${orders}) n`,
    `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl, order_id, status, opened_at, closed_at, created_at, updated_at)
      SELECT ${id('pos ')}, ${id('trader_', '(1 + n % 20)')}, 'ITC', ${q('LONG')}${cast(p.positionSide)}, 10, 100.05, 101, 9.5, 0, ${id('an order of theirs ')},
        CASE WHEN n > 25 THEN ${q('CLOSED')} ELSE ${q('OPEN')} END${cast(p.positionStatus)}, ${at}, NULL, ${at}, ${at} FROM generate_series(1, 30) n`,
    `INSERT INTO user_strategies (user_id, strategy_id, status, custom_parameters, activated_at, created_at, updated_at)
      SELECT ${id('trader_')}, 'rsi_dmi', ${q('ACTIVE')}${cast(p.strategyStatus)}, '{"a": [1, 2]}', ${at}, ${at}, ${at} FROM generate_series(1, 5) n`,
    `INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, data, created_at)
      SELECT ${id('n')}, ${id('trader_', '(1 + n % 20)')}, ${q('RISK_ALERT')}${cast(p.notificationType)}, ${q('WARNING')}${cast(p.alertLevel)}, 't', 'm', '{"n": 1}', ${at} FROM generate_series(1, 50) n`,
    `INSERT INTO trading_sessions (session_id, user_id, start_time, capital_at_start, status, created_at, updated_at)
      SELECT ${id('ses ')}, ${id('trader_', '(1 + n % 2)')}, ${at}, 100000, ${q('ACTIVE')}${cast(p.sessionStatus)}, ${at}, ${at} FROM generate_series(1, 3) n`,
    `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, created_at, updated_at)
      SELECT ${id('rule ')}, ${id('trader_', '1')}, ${q('MAX_ORDERS_PER_DAY')}${cast(p.ruleType)}, 100, ${at}, ${at} FROM generate_series(1, 2) n`,
  ];
}

const cast = (type: string) => (/^(varchar|text)/.test(type) ? '' : `::${type}`);

function shape(name: string, parts: Partial<Parts>, more: Partial<Shape> & { also?: string[] } = {}): Shape {
  const { also = [], ...rest } = more;
  const p = { ...PLAIN, ...parts };
  const now = p.time.includes('with time zone') ? 'now()' : "now() AT TIME ZONE 'UTC'";
  return {
    name,
    sql: (orders) => [...tables(parts), ...rows(parts, orders), ...also],
    insert: `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status, broker_order_id, error_message, retry_count, created_at, updated_at)
      VALUES ($1, $2, 'TCS', '${p.label('BUY')}', '${p.label('LIMIT')}', 5, 10.5, 0, 0, '${p.label('PENDING')}', '', '', 0, ${now}, ${now})`,
    ...rest,
  };
}

const uuid = (prefix: string, n: string) => `md5('${prefix}' || ${n})::uuid`;
const number = (_prefix: string, n: string) => n;

/** The usual shapes of a database that an ORM or an older program made. */
export const SHAPES: readonly Shape[] = [
  shape(
    'enums under their names',
    { ...enums('theirs'), time: 'timestamp with time zone' },
    {
      also: [
        'CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)',
        "INSERT INTO alembic_version VALUES ('abc')",
      ],
    },
  ),
  shape(
    'text instead of enums, with checks',
    { ...enums('varchar(20)'), defaults: false },
    {
      also: [
        "ALTER TABLE orders ADD CONSTRAINT ck_side CHECK (side IN ('BUY', 'SELL'))",
        "UPDATE orders SET retry_count = NULL, error_message = NULL WHERE broker_order_id = 'b7'",
      ],
    },
  ),
  shape('labels in lower case', { ...enums('theirs', lower), json: 'jsonb', text: 'varchar(500)' }),
  shape(
    'uuid ids',
    { ...enums('theirs'), id: 'uuid', newId: uuid, time: 'timestamp with time zone' },
    {
      also: [
        'CREATE TABLE their_trades (id serial PRIMARY KEY, order_id uuid NOT NULL REFERENCES orders (order_id))',
        'INSERT INTO their_trades (order_id) SELECT order_id FROM orders LIMIT 10',
        'ALTER TABLE orders ALTER order_id SET DEFAULT gen_random_uuid()',
      ],
    },
  ),
  shape('numbers as ids', { ...enums('text'), id: 'bigint', newId: number, number: 'numeric(18,4)' }),
  shape('money as floats, prices as numeric', {
    ...enums('ours'),
    capital: 'double precision',
    number: 'numeric(12,2)',
    name: 'text',
  }),
  shape(
    'columns and objects of their own',
    { ...enums('theirs'), extra: ", exchange text, tags text[], source varchar(10) NOT NULL DEFAULT 'web'" },
    {
      also: [
        'CREATE INDEX ix_orders_exchange ON orders (exchange)',
        'CREATE TABLE their_log (at timestamptz, what text)',
        "CREATE FUNCTION their_touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now() AT TIME ZONE 'UTC'; RETURN NEW; END $$",
        'CREATE TRIGGER their_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION their_touch()',
      ],
    },
  ),
  shape('times of India without a zone, some tables missing', enums('varchar'), {
    flags: ['--naive-zone', 'Asia/Kolkata'],
    also: ['DROP TABLE risk_rules, trading_sessions, notifications, user_strategies'],
  }),
];
