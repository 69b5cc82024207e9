-- Other services write the same tables: what they leave out is completed, what they wrote is told apart from what was booked
-- here, and taken over as it stands.

-- An explicit NULL means the default, as when the column is left out.
CREATE FUNCTION default_nulls() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  missing record;
  value jsonb;
BEGIN
  FOR missing IN
    SELECT a.attname AS name, pg_get_expr(d.adbin, d.adrelid) AS expression
    FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = TG_RELID AND NOT a.attnotnull AND a.attgenerated = '' AND to_jsonb(NEW) ->> a.attname IS NULL
  LOOP
    EXECUTE concat('SELECT to_jsonb(', missing.expression, ')') INTO value;
    NEW := jsonb_populate_record(NEW, jsonb_build_object(missing.name, value));
  END LOOP;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION default_nulls() FROM PUBLIC;

CREATE TRIGGER users_default_nulls BEFORE INSERT OR UPDATE ON users FOR EACH ROW
  WHEN (num_nulls(
    NEW.broker_api_key, NEW.broker_secret, NEW.broker_token, NEW.total_capital, NEW.risk_tolerance, NEW.enabled,
    NEW.created_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER orders_default_nulls BEFORE INSERT OR UPDATE ON orders FOR EACH ROW
  WHEN (num_nulls(
    NEW.filled_quantity, NEW.filled_price, NEW.status, NEW.broker_order_id, NEW.error_message, NEW.retry_count,
    NEW.created_at, NEW.updated_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER strategies_default_nulls BEFORE INSERT OR UPDATE ON strategies FOR EACH ROW
  WHEN (num_nulls(
    NEW.is_active, NEW.created_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER user_strategies_default_nulls BEFORE INSERT OR UPDATE ON user_strategies FOR EACH ROW
  WHEN (num_nulls(
    NEW.status, NEW.activated_at, NEW.allocation_amount, NEW.custom_parameters, NEW.total_orders,
    NEW.successful_orders, NEW.total_pnl, NEW.created_at, NEW.updated_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER positions_default_nulls BEFORE INSERT OR UPDATE ON positions FOR EACH ROW
  WHEN (num_nulls(
    NEW.unrealized_pnl, NEW.realized_pnl, NEW.status, NEW.opened_at, NEW.created_at, NEW.updated_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER notifications_default_nulls BEFORE INSERT OR UPDATE ON notifications FOR EACH ROW
  WHEN (num_nulls(
    NEW.alert_level, NEW.data, NEW.created_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER trading_sessions_default_nulls BEFORE INSERT OR UPDATE ON trading_sessions FOR EACH ROW
  WHEN (num_nulls(
    NEW.start_time, NEW.total_orders, NEW.successful_orders, NEW.total_pnl, NEW.max_drawdown, NEW.status,
    NEW.created_at, NEW.updated_at
  ) > 0) EXECUTE FUNCTION default_nulls();
CREATE TRIGGER risk_rules_default_nulls BEFORE INSERT OR UPDATE ON risk_rules FOR EACH ROW
  WHEN (num_nulls(
    NEW.current_value, NEW.is_violated, NEW.violation_message, NEW.created_at, NEW.updated_at
  ) > 0) EXECUTE FUNCTION default_nulls();

-- What was filled by another program, as it stands: no position of ours was moved by it.
ALTER TABLE order_fills
  ADD COLUMN adopted varchar(50) COLLATE "C" NULL,
  -- squawk-ignore ban-drop-not-null
  ALTER COLUMN position_id DROP NOT NULL,
  -- Not validated: the rows that are there had a position each, and looking at them would hold up their writers.
  ADD CONSTRAINT order_fills_position_or_adopted CHECK (position_id IS NOT NULL OR adopted IS NOT NULL) NOT VALID;
COMMENT ON COLUMN order_fills.adopted IS
  'the adoption that it was taken over by; without position_id, the effect is in ledger_openings';

-- risk check: what other programs closed since the day began, without an execution here.
CREATE INDEX idx_positions_closed_at ON positions (closed_at) WHERE closed_at IS NOT NULL;

-- Balances at which the book begins to count: what other programs had made of a row until then.
CREATE TABLE ledger_openings (
  run_id       varchar(50) COLLATE "C" NOT NULL,
  user_id      varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  kind         text NOT NULL,
  id           varchar(101) COLLATE "C" NOT NULL,
  seq          double precision NOT NULL,
  quantity     integer NOT NULL DEFAULT 0,
  price        double precision NOT NULL DEFAULT 0,
  realized_pnl numeric(15, 2) NOT NULL DEFAULT 0,
  capital      numeric(15, 2) NOT NULL DEFAULT 0,
  orders       integer NOT NULL DEFAULT 0,
  completed    integer NOT NULL DEFAULT 0,
  was          text NULL,
  became       text NULL,
  adopted_by   text NOT NULL DEFAULT session_user,
  adopted_at   timestamp NOT NULL DEFAULT now(),
  undone_by    text NULL,
  undone_at    timestamp NULL,
  PRIMARY KEY (run_id, user_id, kind, id),
  CONSTRAINT ledger_openings_kind_known CHECK (kind IN ('capital', 'position', 'strategy', 'session', 'repair'))
);
COMMENT ON TABLE ledger_openings IS 'balances that other programs had made of rows when they were taken over, by which the invariants begin to count';
COMMENT ON COLUMN ledger_openings.seq IS 'its place in the order of booking, between the seq of order_fills';
COMMENT ON COLUMN ledger_openings.quantity IS 'signed shares that no execution here explains';
COMMENT ON COLUMN ledger_openings.was IS 'of a repair, whose id is table/row: the values of the row as they were, as JSON; became: as the repair left them';

CREATE INDEX idx_ledger_openings_user_id ON ledger_openings (user_id);
CREATE INDEX idx_ledger_openings_id ON ledger_openings (id);

CREATE CONSTRAINT TRIGGER ledger_openings_audited AFTER INSERT OR UPDATE OR DELETE ON ledger_openings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- Who else writes what. A line per row, writer and program, so that a row that is written often does not fill it.
CREATE TABLE foreign_writes (
  table_name text NOT NULL,
  row_id     text COLLATE "C" NOT NULL,
  writer     text NOT NULL,
  program    text NOT NULL,
  operation  text NOT NULL,
  writes     integer NOT NULL DEFAULT 1,
  first_at   timestamp NOT NULL,
  last_at    timestamp NOT NULL,
  PRIMARY KEY (table_name, row_id, writer, program)
);
COMMENT ON COLUMN foreign_writes.operation IS 'the last one: INSERT, UPDATE or DELETE';

CREATE INDEX idx_foreign_writes_last_at ON foreign_writes (last_at);

CREATE FUNCTION note_foreign_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  written jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
  moment timestamp := clock_timestamp() AT TIME ZONE 'UTC';
BEGIN
  INSERT INTO foreign_writes AS w (table_name, row_id, writer, program, operation, first_at, last_at)
  VALUES (TG_ARGV[0], concat_ws('/', written ->> TG_ARGV[1], written ->> TG_ARGV[2]), session_user,
    current_setting('application_name'), TG_OP, moment, moment)
  ON CONFLICT (table_name, row_id, writer, program) DO UPDATE
  SET operation = excluded.operation, writes = w.writes + 1, last_at = excluded.last_at;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION note_foreign_write() FROM PUBLIC;

-- Our own sessions are told by their name, which costs nothing; whether a change was audited is for `doctor ledger` to prove.
CREATE TRIGGER users_foreign AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('users', 'user_id');
CREATE TRIGGER orders_foreign AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('orders', 'order_id');
CREATE TRIGGER strategies_foreign AFTER INSERT OR UPDATE OR DELETE ON strategies FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('strategies', 'strategy_id');
CREATE TRIGGER user_strategies_foreign AFTER INSERT OR UPDATE OR DELETE ON user_strategies FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('user_strategies', 'user_id', 'strategy_id');
CREATE TRIGGER positions_foreign AFTER INSERT OR UPDATE OR DELETE ON positions FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('positions', 'position_id');
CREATE TRIGGER notifications_foreign AFTER INSERT OR UPDATE OR DELETE ON notifications FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('notifications', 'notification_id');
CREATE TRIGGER trading_sessions_foreign AFTER INSERT OR UPDATE OR DELETE ON trading_sessions FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('trading_sessions', 'session_id');
CREATE TRIGGER risk_rules_foreign AFTER INSERT OR UPDATE OR DELETE ON risk_rules FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION note_foreign_write('risk_rules', 'rule_id');

-- Entries of other programs while trading is halted or the user is disabled. Orders that can only reduce a position pass.
CREATE FUNCTION orders_held() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  held bigint;
  working bigint;
BEGIN
  -- What is over, what another program filled of an order that was placed before, and what makes an order smaller.
  IF NEW.status IN ('REJECTED', 'CANCELLED') OR (TG_OP = 'UPDATE' AND (
    NEW.status = 'FILLED' OR (OLD.status NOT IN ('REJECTED', 'CANCELLED', 'FILLED') AND NEW.quantity <= OLD.quantity
      AND (NEW.user_id, NEW.symbol, NEW.side) = (OLD.user_id, OLD.symbol, OLD.side)))) OR NOT EXISTS (
    SELECT FROM trading_halts h WHERE h.resumed_at IS NULL AND (h.user_id IS NULL OR h.user_id = NEW.user_id)
    UNION ALL SELECT FROM users u WHERE u.user_id = NEW.user_id AND NOT u.enabled
  ) THEN
    RETURN NEW;
  END IF;
  SELECT coalesce(sum(abs(p.quantity)), 0) INTO held FROM positions p
  WHERE p.user_id = NEW.user_id AND p.symbol = NEW.symbol AND coalesce(p.strategy_id, '') = coalesce(NEW.strategy_id, '')
    AND p.status = 'OPEN' AND (p.side = 'LONG') = (NEW.side = 'SELL');
  SELECT coalesce(sum(o.quantity - o.filled_quantity), 0) INTO working FROM orders o
  WHERE o.user_id = NEW.user_id AND o.symbol = NEW.symbol AND coalesce(o.strategy_id, '') = coalesce(NEW.strategy_id, '')
    AND o.side = NEW.side AND o.status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED') AND o.order_id <> NEW.order_id;
  IF NEW.quantity + working <= held THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'trading is halted for %, or the user is disabled: an order that opens or enlarges a position is refused', NEW.user_id
    USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'orders', CONSTRAINT = 'orders_held';
END
$$;
REVOKE EXECUTE ON FUNCTION orders_held() FROM PUBLIC;

CREATE TRIGGER orders_held BEFORE INSERT OR UPDATE ON orders FOR EACH ROW
  WHEN (current_setting('application_name') NOT LIKE 'pinnacle/%') EXECUTE FUNCTION orders_held();

-- `schema strict` and `schema shared` turn these on.
ALTER TABLE users DISABLE TRIGGER users_foreign;
ALTER TABLE orders DISABLE TRIGGER orders_foreign;
ALTER TABLE strategies DISABLE TRIGGER strategies_foreign;
ALTER TABLE user_strategies DISABLE TRIGGER user_strategies_foreign;
ALTER TABLE positions DISABLE TRIGGER positions_foreign;
ALTER TABLE notifications DISABLE TRIGGER notifications_foreign;
ALTER TABLE trading_sessions DISABLE TRIGGER trading_sessions_foreign;
ALTER TABLE risk_rules DISABLE TRIGGER risk_rules_foreign;
ALTER TABLE orders DISABLE TRIGGER orders_held;

DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  signature text;
BEGIN
  FOREACH signature IN ARRAY '{default_nulls(),note_foreign_write(),orders_held()}'::text[] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature, current_schema());
  END LOOP;
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE ledger_openings OWNER TO %I', log_owner);
    EXECUTE format('ALTER TABLE foreign_writes OWNER TO %I', log_owner);
    EXECUTE format('ALTER FUNCTION note_foreign_write() OWNER TO %I', log_owner);
    EXECUTE format('ALTER FUNCTION orders_held() OWNER TO %I', log_owner);
  END IF;
END
$$;
