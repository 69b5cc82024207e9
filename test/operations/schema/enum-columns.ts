import type { TestDatabase } from '../../helpers/databases.ts';

/** A column of one of our enum types, as a service of the reference kind declares it. */
export interface EnumColumn {
  table: string;
  column: string;
  /** The type as SQLAlchemy names it. */
  type: string;
  /** Two labels, the first of which the type has first. */
  labels: readonly [string, string];
  /** What else a row needs, each value written as an ORM binds it. */
  others: Readonly<Record<string, readonly [type: string, value: unknown]>>;
  key: string;
}

const TEXT = 'VARCHAR';
const order = {
  user_id: [TEXT, 'u{n}'],
  symbol: [TEXT, 'ITC'],
  quantity: ['INTEGER', 10],
  price: ['FLOAT', 100.5],
} as const;
const side = ['orderside', 'BUY'] as const;
const orderType = ['ordertype', 'LIMIT'] as const;
const position = {
  user_id: [TEXT, 'u{n}'],
  symbol: [TEXT, 'ITC'],
  quantity: ['INTEGER', 10],
  average_price: ['FLOAT', 1],
  current_price: ['FLOAT', 1],
} as const;
const notice = { user_id: [TEXT, 'u{n}'], title: [TEXT, 't'], message: [TEXT, 'm'] } as const;

/** Every enum column of the eight tables. `{n}` is the number of the row. */
export const ENUM_COLUMNS: readonly EnumColumn[] = [
  {
    ...{ table: 'orders', key: 'order_id', column: 'side', type: 'orderside', labels: ['BUY', 'SELL'] },
    others: { ...order, order_type: orderType },
  },
  {
    ...{ table: 'orders', key: 'order_id', column: 'order_type', type: 'ordertype' },
    ...{ labels: ['MARKET', 'STOP_LOSS'], others: { ...order, side } },
  },
  {
    ...{ table: 'orders', key: 'order_id', column: 'status', type: 'orderstatus' },
    ...{ labels: ['PLACED', 'CANCELLED'], others: { ...order, side, order_type: orderType } },
  },
  {
    ...{ table: 'user_strategies', key: 'user_id', column: 'status', type: 'strategystatus' },
    ...{ labels: ['ACTIVE', 'PAUSED'], others: { strategy_id: [TEXT, 's1'] } },
  },
  {
    ...{ table: 'positions', key: 'position_id', column: 'side', type: 'positionside' },
    ...{ labels: ['LONG', 'SHORT'], others: position },
  },
  {
    ...{ table: 'positions', key: 'position_id', column: 'status', type: 'positionstatus' },
    ...{ labels: ['OPEN', 'CLOSED'], others: { ...position, side: ['positionside', 'LONG'] } },
  },
  {
    ...{
      table: 'notifications',
      key: 'notification_id',
      column: 'notification_type',
      type: 'notificationtype',
    },
    ...{ labels: ['SERVICE_DOWN', 'RISK_ALERT'], others: notice },
  },
  {
    ...{ table: 'notifications', key: 'notification_id', column: 'alert_level', type: 'alertlevel' },
    ...{
      labels: ['WARNING', 'CRITICAL'],
      others: { ...notice, notification_type: ['notificationtype', 'SYSTEM_ERROR'] },
    },
  },
  {
    ...{ table: 'trading_sessions', key: 'session_id', column: 'status', type: 'sessionstatus' },
    ...{
      labels: ['ACTIVE', 'COMPLETED'],
      others: { user_id: [TEXT, 'u{n}'], capital_at_start: ['FLOAT', 1] },
    },
  },
  {
    ...{ table: 'risk_rules', key: 'rule_id', column: 'rule_type', type: 'ruletype' },
    ...{
      labels: ['MAX_DRAWDOWN', 'MAX_ORDERS_PER_DAY'],
      others: { user_id: [TEXT, 'u{n}'], rule_value: ['FLOAT', 1] },
    },
  },
];

/** Users and a strategy that rows of services refer to, and no rule of ours beyond the document. */
export async function prepareForServices(db: TestDatabase): Promise<void> {
  await db.query(
    `INSERT INTO users (user_id, name, email, api_key) SELECT u, u, u, md5(u) || md5(u) FROM unnest('{u1,u2}'::text[]) u`,
  );
  await db.query(
    `INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
       max_drawdown, symbols, parameters) VALUES ('s1', 'S', 'S', 'c', 'low', 1, 1, 1, '["ITC"]', '{}')`,
  );
  await db.json('schema', 'shared');
}
