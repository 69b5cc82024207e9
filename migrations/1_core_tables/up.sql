-- Phase 1: users, orders, strategies, and the audit log every later change writes to.
--
-- Conventions of all phases, reasons in docs/schema.md:
--   * TIMESTAMP holds UTC: our connections set TimeZone = UTC, so now() is stored as UTC.
--   * id columns are COLLATE "C": generated ids are time-ordered, and must sort bytewise everywhere.
--   * A column is NOT NULL only where the document says so; <table>_no_nulls refuses an explicit NULL where it
--     gives a default instead, so that no NULL enters arithmetic.
--   * x < 'Infinity' also refuses NaN, which PostgreSQL sorts above Infinity.

CREATE TYPE order_side AS ENUM ('BUY', 'SELL');
CREATE TYPE order_type AS ENUM ('MARKET', 'LIMIT', 'STOP_LOSS');
CREATE TYPE order_status AS ENUM ('PENDING', 'PLACED', 'FILLED', 'PARTIALLY_FILLED', 'REJECTED', 'CANCELLED');

CREATE TABLE users (
  user_id        varchar(50) COLLATE "C" PRIMARY KEY,
  name           varchar(100) NOT NULL,
  email          varchar(100) NOT NULL UNIQUE,
  api_key        varchar(64) NOT NULL UNIQUE,
  broker_api_key varchar(100) DEFAULT '',
  broker_secret  varchar(100) DEFAULT '',
  broker_token   varchar(100) DEFAULT '',
  total_capital  numeric(15, 2) DEFAULT 100000.00,
  risk_tolerance varchar(20) DEFAULT 'medium',
  enabled        boolean DEFAULT true,
  created_at     timestamp DEFAULT now(),
  last_login     timestamp NULL,
  CONSTRAINT users_no_nulls CHECK (
    num_nulls(broker_api_key, broker_secret, broker_token, total_capital, risk_tolerance, enabled, created_at) = 0
  ),
  -- No sign check: losses may exceed the capital.
  CONSTRAINT users_total_capital_finite CHECK (total_capital <> 'NaN')
);
COMMENT ON COLUMN users.api_key IS 'SHA-256 of the API key in hex; the key itself is not stored';

CREATE TABLE orders (
  order_id        varchar(50) COLLATE "C" PRIMARY KEY,
  user_id         varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  strategy_id     varchar(50) COLLATE "C" NULL,
  symbol          varchar(20) NOT NULL,
  side            order_side NOT NULL,
  order_type      order_type NOT NULL,
  quantity        integer NOT NULL,
  price           double precision NOT NULL,
  filled_quantity integer DEFAULT 0,
  filled_price    double precision DEFAULT 0.0,
  status          order_status DEFAULT 'PENDING',
  broker_order_id varchar(100) DEFAULT '',
  error_message   text DEFAULT '',
  retry_count     integer DEFAULT 0,
  created_at      timestamp DEFAULT now(),
  updated_at      timestamp DEFAULT now(),
  CONSTRAINT orders_no_nulls CHECK (
    num_nulls(
      filled_quantity, filled_price, status, broker_order_id, error_message, retry_count, created_at, updated_at
    ) = 0
  ),
  CONSTRAINT orders_quantity_positive CHECK (quantity > 0),
  -- 0 is a MARKET order without a reference price.
  CONSTRAINT orders_price_valid CHECK (price >= 0 AND price < 'Infinity'),
  -- May exceed quantity: an overfill the broker insists on is recorded.
  CONSTRAINT orders_filled_quantity_valid CHECK (filled_quantity >= 0),
  CONSTRAINT orders_filled_price_valid CHECK (filled_price >= 0 AND filled_price < 'Infinity')
);

CREATE INDEX idx_orders_user_id ON orders (user_id);
CREATE INDEX idx_orders_symbol ON orders (symbol);
CREATE INDEX idx_orders_status ON orders (status);
CREATE INDEX idx_orders_created_at ON orders (created_at);

CREATE TABLE strategies (
  strategy_id            varchar(50) COLLATE "C" PRIMARY KEY,
  name                   varchar(100) NOT NULL,
  description            text NOT NULL,
  category               varchar(50) NOT NULL,
  risk_level             varchar(20) NOT NULL,
  min_capital            double precision NOT NULL,
  expected_return_annual double precision NOT NULL,
  max_drawdown           double precision NOT NULL,
  symbols                json NOT NULL,
  parameters             json NOT NULL,
  is_active              boolean DEFAULT true,
  created_at             timestamp DEFAULT now(),
  CONSTRAINT strategies_no_nulls CHECK (num_nulls(is_active, created_at) = 0),
  CONSTRAINT strategies_finite CHECK (
    abs(min_capital) < 'Infinity' AND abs(expected_return_annual) < 'Infinity' AND abs(max_drawdown) < 'Infinity'
  )
);

CREATE TABLE audit_log (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  txid    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  at      timestamp NOT NULL DEFAULT now(),
  actor   text NOT NULL DEFAULT session_user,
  command text NOT NULL,
  target  text NOT NULL,
  body    text NOT NULL
);
COMMENT ON COLUMN audit_log.txid IS 'the writing transaction: rows below the oldest running one are complete and can be sealed';
COMMENT ON COLUMN audit_log.body IS 'canonical JSON as text, because what is hashed must be stored byte for byte';

-- The history of one thing, oldest first.
CREATE INDEX idx_audit_log_target ON audit_log (target, id);

CREATE FUNCTION audit_log_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit_log is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- A statement trigger, because TRUNCATE has no row trigger.
CREATE TRIGGER audit_log_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_log_append_only();
