-- Phase 4: risk rules, the kill switch, room for long broker credentials, overlapping API keys, and the
-- uniqueness and indexes our own queries need.

CREATE TYPE rule_type AS ENUM (
  'MAX_POSITION_SIZE', 'MAX_DRAWDOWN', 'MAX_DAILY_LOSS', 'MAX_ORDERS_PER_DAY', 'MIN_CAPITAL_THRESHOLD'
);

CREATE TABLE risk_rules (
  rule_id           varchar(50) COLLATE "C" PRIMARY KEY,
  user_id           varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  rule_type         rule_type NOT NULL,
  rule_value        double precision NOT NULL,
  current_value     double precision DEFAULT 0.0,
  is_violated       boolean DEFAULT false,
  violation_message text DEFAULT '',
  created_at        timestamp DEFAULT now(),
  updated_at        timestamp DEFAULT now(),
  CONSTRAINT risk_rules_no_nulls CHECK (
    num_nulls(current_value, is_violated, violation_message, created_at, updated_at) = 0
  ),
  CONSTRAINT risk_rules_finite CHECK (abs(rule_value) < 'Infinity' AND abs(current_value) < 'Infinity')
);

-- Two rules of one type would leave open which limit holds. Serves the pre-trade check of one user, too.
CREATE UNIQUE INDEX risk_rules_one_per_type ON risk_rules (user_id, rule_type);

-- Who may not set a limit may not take one away that is in force. Retention is unattended work, for which
-- pinnacle_cron may delete rules, and of disabled traders alone. The table of users is that of the schema of the rules,
-- whatever else bears the name.
CREATE FUNCTION risk_rules_in_force() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  in_force boolean;
BEGIN
  IF has_table_privilege(TG_RELID, 'INSERT') THEN
    RETURN OLD;
  END IF;
  EXECUTE format('SELECT enabled FROM %I.users WHERE user_id = $1', TG_TABLE_SCHEMA) INTO in_force USING OLD.user_id;
  IF in_force THEN
    RAISE EXCEPTION 'a risk rule that is in force is not this role''s to delete' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END
$$;

CREATE TRIGGER risk_rules_in_force BEFORE DELETE ON risk_rules FOR EACH ROW EXECUTE FUNCTION risk_rules_in_force();

-- The kill switch. A row without resumed_at is latched.
CREATE TABLE trading_halts (
  halt_id        varchar(50) COLLATE "C" PRIMARY KEY,
  -- NULL halts everyone.
  user_id        varchar(50) COLLATE "C" NULL REFERENCES users (user_id),
  reason         text NOT NULL,
  halted_by      text NOT NULL,
  halted_at      timestamp NOT NULL DEFAULT now(),
  resumed_by     text NULL,
  resumed_reason text NULL,
  resumed_at     timestamp NULL,
  CONSTRAINT trading_halts_resumed_whole CHECK (num_nulls(resumed_by, resumed_reason, resumed_at) IN (0, 3))
);

-- At most one latched halt per user, and one for everyone. coalesce, because NULLS NOT DISTINCT needs PostgreSQL 15.
CREATE UNIQUE INDEX trading_halts_one_latched ON trading_halts ((coalesce(user_id, ''))) WHERE resumed_at IS NULL;

-- Keys that were replaced and are accepted until they expire.
CREATE TABLE api_key_grace (
  api_key    varchar(64) PRIMARY KEY,
  user_id    varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  expires_at timestamp NOT NULL,
  created_at timestamp NOT NULL DEFAULT now()
);
COMMENT ON COLUMN api_key_grace.api_key IS 'SHA-256 of the replaced key in hex, as in users.api_key';

-- Ending or listing the grace of one user.
CREATE INDEX idx_api_key_grace_user_id ON api_key_grace (user_id);

-- An encrypted broker token (a JWT of 900 characters) does not fit 100. varchar to text does not rewrite the table.
-- squawk-ignore changing-column-type
ALTER TABLE users ALTER broker_api_key TYPE text, ALTER broker_secret TYPE text, ALTER broker_token TYPE text;

-- From here on a credential is stored encrypted or not at all. A trigger and not a CHECK, for two reasons: a CHECK,
-- NOT VALID too, would refuse every later UPDATE of a user whose credentials are still in plain text, so that no fill
-- could be credited to him; and its error prints the whole row, credential included, into the server's log.
CREATE FUNCTION users_broker_envelope() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  envelope constant text := '^(pne1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+)?$';
  offender text;
BEGIN
  -- On INSERT, OLD is NULL and every value counts as changed.
  offender := CASE
    WHEN NEW.broker_api_key IS DISTINCT FROM OLD.broker_api_key AND NEW.broker_api_key !~ envelope THEN 'broker_api_key'
    WHEN NEW.broker_secret IS DISTINCT FROM OLD.broker_secret AND NEW.broker_secret !~ envelope THEN 'broker_secret'
    WHEN NEW.broker_token IS DISTINCT FROM OLD.broker_token AND NEW.broker_token !~ envelope THEN 'broker_token'
  END;
  IF offender IS NOT NULL THEN
    RAISE EXCEPTION 'users.% is not an encrypted credential', offender
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'users', COLUMN = offender,
        CONSTRAINT = 'users_broker_envelope';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER users_broker_envelope
  BEFORE INSERT OR UPDATE OF broker_api_key, broker_secret, broker_token ON users
  FOR EACH ROW EXECUTE FUNCTION users_broker_envelope();

-- Positions are netted per user, symbol and strategy. Finds the row a fill moves.
CREATE UNIQUE INDEX positions_one_open ON positions (user_id, symbol, (coalesce(strategy_id, ''))) WHERE status = 'OPEN';

-- position list of all, of a user, and of what is open, newest first.
CREATE INDEX idx_positions_newest ON positions (opened_at DESC, position_id DESC);
CREATE INDEX idx_positions_user_newest ON positions (user_id, opened_at DESC, position_id DESC);
CREATE INDEX idx_positions_open_newest ON positions (opened_at DESC, position_id DESC) WHERE status = 'OPEN';

-- session list, newest first.
CREATE INDEX idx_trading_sessions_newest ON trading_sessions (start_time DESC, session_id DESC);

-- retention run: the sessions that ended longest ago.
CREATE INDEX idx_trading_sessions_ended ON trading_sessions (end_time) WHERE status <> 'ACTIVE';

-- A fill counts towards the one running session of its user.
CREATE UNIQUE INDEX trading_sessions_one_active ON trading_sessions (user_id) WHERE status = 'ACTIVE';

-- order list --user: newest first, continued after (created_at, order_id).
CREATE INDEX idx_orders_user_newest ON orders (user_id, created_at DESC, order_id DESC);

-- order list over all users, newest first. idx_orders_created_at serves it as well until many orders share one
-- created_at, as those of one import do: then each page sorts all of them.
CREATE INDEX idx_orders_newest ON orders (created_at DESC, order_id DESC);

-- order list --status, newest first: what is rare in a long history is not looked for from its end.
CREATE INDEX idx_orders_status_newest ON orders (status, created_at DESC, order_id DESC);

-- order list --strategy, newest first.
CREATE INDEX idx_orders_strategy_newest ON orders (strategy_id, created_at DESC, order_id DESC)
  WHERE strategy_id IS NOT NULL;

-- order watch, catching up with what changed lately. BRIN, as orders change soon after they are placed, at the end of
-- the table: a thousandth of the size, and next to nothing to keep up.
CREATE INDEX idx_orders_updated_at ON orders USING brin (updated_at) WITH (autosummarize = on);

-- Pre-trade check and halt: the working orders of a user, in one symbol or in all.
CREATE INDEX idx_orders_working ON orders (user_id, symbol) WHERE status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED');

-- Executions of a trading day: realized today, turnover.
CREATE INDEX idx_order_fills_executed_at ON order_fills (executed_at);

-- notification list --unread of a user, newest first.
CREATE INDEX idx_notifications_unread ON notifications (user_id, created_at DESC, notification_id DESC) WHERE read_at IS NULL;

-- notification list: the unread of everyone come first.
CREATE INDEX idx_notifications_unread_newest ON notifications (created_at DESC, notification_id DESC)
  WHERE read_at IS NULL;

-- The newest notifications of a user, as Redis lists them.
CREATE INDEX idx_notifications_user_newest ON notifications (user_id, created_at DESC, notification_id DESC);
