-- The broker: what it asks of an order, who we are there, and a journal of what was asked of it before it answered.

-- All of them are NULL where nobody said: rows of other programs stay as they are. The lists are of text, because one of varchar
-- is printed otherwise after it was printed and read, and looks like drift.
ALTER TABLE orders
  ADD COLUMN product varchar(4) NULL,
  ADD COLUMN exchange varchar(10) NULL,
  ADD COLUMN trigger_price double precision NULL,
  ADD COLUMN order_tag varchar(20) COLLATE "C" NULL,
  ADD COLUMN origin varchar(10) NULL,
  -- Validated, although every row has NULL: what is not cannot become a partition. One look at the table serves all three.
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT orders_product_known CHECK (product::text IN ('CNC', 'MIS', 'NRML', 'MTF')),
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT orders_trigger_price_positive CHECK (trigger_price > 0),
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT orders_origin_known CHECK (origin::text IN ('external', 'adjust'));
COMMENT ON COLUMN orders.order_tag IS
  'what the broker was given to find it again by, of its last attempt; broker_calls keeps those of all attempts unique';
COMMENT ON COLUMN orders.origin IS
  'external: the broker had it and no program of ours placed it; adjust: it makes a position agree with the broker; NULL: ours';

ALTER TABLE positions
  ADD COLUMN product varchar(4) NULL,
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT positions_product_known CHECK (product::text IN ('CNC', 'MIS', 'NRML', 'MTF'));

-- Positions are netted per user, symbol, strategy and product. In a shared schema the index is there and not unique; of a
-- database that is adopted it is created afterwards.
DO $$
DECLARE
  is_unique constant boolean := (SELECT indisunique FROM pg_index WHERE indexrelid = to_regclass('positions_one_open'));
BEGIN
  IF is_unique IS NULL THEN
    RETURN;
  END IF;
  DROP INDEX positions_one_open;
  EXECUTE format(
    $index$CREATE %s INDEX positions_one_open ON positions (user_id, symbol, (coalesce(strategy_id, '')), (coalesce(product, '')))
      WHERE status OPERATOR(pg_catalog.=) 'OPEN'$index$,
    CASE WHEN is_unique THEN 'UNIQUE' END);
END
$$;

-- The secret that one-time passwords are made from, encrypted as the other credentials.
ALTER TABLE users ADD COLUMN broker_totp text NOT NULL DEFAULT '';

CREATE OR REPLACE FUNCTION users_broker_envelope() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  envelope constant text := '^(pne1\.[0-9a-f]{8}\.[A-Za-z0-9_-]+)?$';
  offender text;
BEGIN
  -- On INSERT, OLD is NULL and every value counts as changed.
  offender := CASE
    WHEN NEW.broker_api_key IS DISTINCT FROM OLD.broker_api_key AND NEW.broker_api_key !~ envelope THEN 'broker_api_key'
    WHEN NEW.broker_secret IS DISTINCT FROM OLD.broker_secret AND NEW.broker_secret !~ envelope THEN 'broker_secret'
    WHEN NEW.broker_token IS DISTINCT FROM OLD.broker_token AND NEW.broker_token !~ envelope THEN 'broker_token'
    WHEN NEW.broker_totp !~ envelope THEN 'broker_totp'
  END;
  IF offender IS NOT NULL THEN
    RAISE EXCEPTION 'users.% is not an encrypted credential', offender
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'users', COLUMN = offender,
        CONSTRAINT = 'users_broker_envelope';
  END IF;
  RETURN NEW;
END
$$;

-- Not UPDATE OF broker_totp: nobody could change the type of the column then.
CREATE TRIGGER users_totp_envelope BEFORE INSERT OR UPDATE ON users FOR EACH ROW
  WHEN (NEW.broker_totp <> '') EXECUTE FUNCTION users_broker_envelope();

-- Who a trader is at the broker, and how things stand there. What is secret stands in users, encrypted.
CREATE TABLE broker_accounts (
  user_id          varchar(50) COLLATE "C" PRIMARY KEY REFERENCES users (user_id),
  client_code      varchar(50) NOT NULL,
  logged_in_at     timestamp NULL,
  token_expires_at timestamp NULL,
  totp_step        bigint NULL,
  clock_skew_ms    integer NULL,
  synced_at        timestamp NULL,
  sync_problem     text NOT NULL DEFAULT '',
  CONSTRAINT broker_accounts_client_code_form CHECK (client_code ~ '^[A-Za-z0-9]{1,50}$')
);
COMMENT ON COLUMN broker_accounts.totp_step IS 'the 30 seconds whose one-time password was sent last: none is sent twice';
COMMENT ON COLUMN broker_accounts.clock_skew_ms IS 'how far the clock of the broker is ahead of ours, as of the last answer';

-- What was asked of the broker. A row is committed before the call goes out; without an answer, the order is looked for by its tag.
CREATE TABLE broker_calls (
  call_id         varchar(50) COLLATE "C" PRIMARY KEY,
  user_id         varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  order_id        varchar(50) COLLATE "C" NOT NULL,
  verb            varchar(10) NOT NULL,
  tag             varchar(20) COLLATE "C" NOT NULL,
  request         text NOT NULL,
  sent_by         text NOT NULL DEFAULT session_user,
  sent_at         timestamp NOT NULL DEFAULT now(),
  answered_at     timestamp NULL,
  outcome         varchar(10) NULL,
  http_status     integer NULL,
  answer          text NOT NULL DEFAULT '',
  broker_order_id varchar(50) COLLATE "C" NOT NULL DEFAULT '',
  looks           integer NOT NULL DEFAULT 0,
  resolved_at     timestamp NULL,
  CONSTRAINT broker_calls_verb_known CHECK (verb IN ('place', 'modify', 'cancel')),
  CONSTRAINT broker_calls_outcome_known CHECK (outcome IN ('accepted', 'refused', 'unknown')),
  CONSTRAINT broker_calls_answer_short CHECK (length(answer) <= 65536)
);
COMMENT ON COLUMN broker_calls.request IS 'the terms that were sent, as JSON, without credentials';
COMMENT ON COLUMN broker_calls.looks IS 'how often the order book of the broker was read since and did not have it';
COMMENT ON COLUMN broker_calls.resolved_at IS 'when it was known what became of it; NULL while nobody knows';

-- A tag is given to one order, once.
CREATE UNIQUE INDEX broker_calls_tag ON broker_calls (tag) WHERE verb = 'place';
CREATE INDEX idx_broker_calls_order_id ON broker_calls (order_id);
-- broker sync and broker status: the calls of a trader that nobody knows the end of.
CREATE INDEX idx_broker_calls_open ON broker_calls (user_id, sent_at) WHERE resolved_at IS NULL;

-- When calls were allowed to go out: all processes together keep within the limits of the broker.
CREATE TABLE broker_slots (
  user_id varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  method  varchar(20) COLLATE "C" NOT NULL,
  at      timestamp NOT NULL,
  PRIMARY KEY (user_id, method, at)
);

DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  created text;
BEGIN
  IF log_owner <> current_user THEN
    FOREACH created IN ARRAY '{broker_accounts,broker_calls,broker_slots}'::text[] LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO %I', created, log_owner);
    END LOOP;
  END IF;
END
$$;
