/** Rows that contradict each other or themselves: kept as they are and told. SQL over a table whose enums are text. */
export const CONTRADICTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  users: {
    'the API key is not stored as a hash': "api_key !~ '^[0-9a-f]{64}$'",
    'broker credentials are in plain text': ['broker_api_key', 'broker_secret', 'broker_token']
      .map((column) => `${column} !~ '^(pne1[.][0-9a-f]{8}[.][A-Za-z0-9_-]+)?$'`)
      .join(' OR '),
  },
  orders: {
    'FILLED with nothing filled': "status = 'FILLED' AND filled_quantity = 0",
    'filled, but neither FILLED, PARTIALLY_FILLED nor CANCELLED':
      "filled_quantity > 0 AND status NOT IN ('FILLED', 'PARTIALLY_FILLED', 'CANCELLED')",
  },
  positions: {
    'OPEN without a quantity': "status = 'OPEN' AND quantity = 0",
    'OPEN with the time of its end': "status = 'OPEN' AND closed_at IS NOT NULL",
    'CLOSED with a quantity': "status = 'CLOSED' AND quantity <> 0",
    'CLOSED without a time': "status = 'CLOSED' AND closed_at IS NULL",
    'a negative quantity': 'quantity < 0',
    'one of several OPEN rows of one user, symbol and strategy': `status = 'OPEN' AND EXISTS (
      SELECT FROM {table} other WHERE other.status = 'OPEN' AND other.position_id <> v.position_id
        AND other.user_id = v.user_id AND other.symbol = v.symbol
        AND coalesce(other.strategy_id, '') = coalesce(v.strategy_id, ''))`,
  },
  trading_sessions: {
    'one of several ACTIVE sessions of one user': `status = 'ACTIVE' AND EXISTS (
      SELECT FROM {table} other WHERE other.status = 'ACTIVE' AND other.session_id <> v.session_id
        AND other.user_id = v.user_id)`,
  },
  risk_rules: {
    'one of several rules of one type of one user': `EXISTS (
      SELECT FROM {table} other WHERE other.rule_id <> v.rule_id AND other.user_id = v.user_id
        AND other.rule_type = v.rule_type)`,
  },
};
