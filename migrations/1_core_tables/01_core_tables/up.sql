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
  imported        boolean NOT NULL DEFAULT coalesce(current_setting('pinnacle.importing', true), '') = 'on',
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

COMMENT ON COLUMN orders.imported IS 'came with a file of orders: what it had filled by then is not in order_fills';

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

-- The entries of a day or an hour.
CREATE INDEX idx_audit_log_at ON audit_log (at);

-- audit list --command denied: few among many.
CREATE INDEX idx_audit_log_denied ON audit_log (id) WHERE command = 'denied';

-- The order of sealing, below.
CREATE INDEX idx_audit_log_txid ON audit_log (txid, id);

-- The chain over audit_log: each hash covers an entry and the hash before it. A table of its own, because audit_log
-- takes no UPDATE; no foreign key, because the seal of a deleted entry must stay and tell of it.
CREATE TABLE audit_seals (
  seq      bigint PRIMARY KEY,
  audit_id bigint NOT NULL UNIQUE,
  txid     xid8 NOT NULL,
  cluster  text NOT NULL,
  hash     text NOT NULL
);
COMMENT ON COLUMN audit_seals.cluster IS 'system identifier of the cluster whose transaction txid is; empty where it was not known any more';
COMMENT ON COLUMN audit_seals.hash IS 'SHA-256 in hex of the hash before it, followed by the entry as a JSON array';

-- Signed statements of how far the chain went.
CREATE TABLE audit_checkpoints (
  seq       bigint PRIMARY KEY,
  body      text NOT NULL,
  key_id    text NOT NULL,
  signature text NOT NULL
);
COMMENT ON COLUMN audit_checkpoints.body IS 'canonical JSON as text, byte for byte what is signed';

CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Statement triggers, because TRUNCATE has no row trigger.
CREATE TRIGGER audit_log_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_seals_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seals
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_checkpoints_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();

-- Seals up to at_most entries and gives their number. SECURITY DEFINER, so that whoever writes entries can have them
-- sealed, but nobody who may not write to audit_seals decides how.
--
-- Entries are sealed by (txid, id), and only those below the oldest running transaction: whatever commits later stands
-- later in the chain, so the last seal tells where to go on. That order ends with the cluster: entries that a restore
-- brought from another one (their row was written by another transaction than they say) are sealed before any of this.
CREATE FUNCTION audit_seal(at_most integer, wait boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  here constant text := (SELECT system_identifier FROM pg_control_system());
  chain audit_seals;
  entries refcursor;
  entry record;
  content text;
  sealed integer := 0;
BEGIN
  IF wait THEN
    PERFORM pg_advisory_xact_lock(7052413002);
  ELSIF NOT pg_try_advisory_xact_lock(7052413002) THEN
    RETURN 0;
  END IF;
  SELECT s.* INTO chain FROM audit_seals s ORDER BY s.seq DESC LIMIT 1;
  -- Apart, because one statement for both costs every write the planning of what hardly ever happens.
  IF chain.cluster IS DISTINCT FROM here THEN
    OPEN entries FOR
      (SELECT l.*, true AS brought FROM audit_log l
       WHERE l.txid::xid <> l.xmin AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)
       ORDER BY l.txid, l.id LIMIT at_most)
      UNION ALL
      (SELECT l.*, false FROM audit_log l
       WHERE l.txid::xid = l.xmin AND l.txid < pg_snapshot_xmin(pg_current_snapshot())
         AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)
       ORDER BY l.txid, l.id LIMIT at_most);
  ELSE
    OPEN entries FOR
      SELECT l.*, false AS brought FROM audit_log l
      WHERE (l.txid, l.id) > (chain.txid, chain.audit_id) AND l.txid < pg_snapshot_xmin(pg_current_snapshot())
        AND NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)
      ORDER BY l.txid, l.id LIMIT at_most;
  END IF;
  LOOP
    FETCH entries INTO entry;
    EXIT WHEN NOT FOUND OR sealed = at_most;
    chain.seq := coalesce(chain.seq, 0) + 1;
    chain.cluster := CASE WHEN entry.brought THEN coalesce(chain.cluster, '') ELSE here END;
    content := json_build_array(entry.id::text, entry.txid::text,
      to_char(entry.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.actor, entry.command, entry.target, entry.body);
    chain.hash := encode(sha256(convert_to(concat(chain.hash, content), 'UTF8')), 'hex');
    INSERT INTO audit_seals (seq, audit_id, txid, cluster, hash)
    VALUES (chain.seq, entry.id, entry.txid, chain.cluster, chain.hash);
    sealed := sealed + 1;
  END LOOP;
  RETURN sealed;
END
$$;

-- It works with its owner's rights: nobody else's tables, types or operators may stand in for those it means, and it
-- is called by whom the owner lets (access apply: operator and cron).
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION audit_seal(integer, boolean) SET search_path = pg_catalog, %I, pg_temp', current_schema()
  );
END
$$;
REVOKE EXECUTE ON FUNCTION audit_seal(integer, boolean) FROM PUBLIC;

-- What a command gave under the key that its caller chose, written with its change: asked again, it gives the same.
-- Kept for 7 days. A key is its actor's own.
CREATE TABLE idempotency_keys (
  actor   text NOT NULL DEFAULT session_user,
  key     text NOT NULL,
  command text NOT NULL,
  request text NOT NULL,
  result  json NOT NULL,
  at      timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (actor, key)
);
COMMENT ON COLUMN idempotency_keys.request IS 'SHA-256 of the command and its arguments';

-- What was changed and Redis does not show yet: written with the change, deleted once it is projected. Empty where no
-- Redis is configured. The time is that of the row and not of its transaction, which may have waited for a login.
CREATE TABLE realtime_outbox (
  id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at   timestamp NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL,
  key  text NOT NULL,
  CONSTRAINT realtime_outbox_kind_known CHECK (kind IN ('order', 'notification', 'read', 'logout', 'revoke'))
);
COMMENT ON COLUMN realtime_outbox.key IS 'order_id, notification_id, for logout the user_id, for revoke user_id:session';
