-- The journal of what was asked of the broker goes: read it first, and let nothing be left that nobody knows the end of.
DROP TABLE broker_slots;
DROP TABLE broker_calls;
DROP TABLE broker_accounts;

DROP TRIGGER users_totp_envelope ON users;
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
  END;
  IF offender IS NOT NULL THEN
    RAISE EXCEPTION 'users.% is not an encrypted credential', offender
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'users', COLUMN = offender,
        CONSTRAINT = 'users_broker_envelope';
  END IF;
  RETURN NEW;
END
$$;
ALTER TABLE users DROP COLUMN broker_totp;

-- Two positions of one symbol in two products stand in each other's way here: the index refuses, and nothing is lost.
DO $$
DECLARE
  is_unique constant boolean := (SELECT indisunique FROM pg_index WHERE indexrelid = 'positions_one_open'::regclass);
BEGIN
  DROP INDEX positions_one_open;
  EXECUTE format(
    $index$CREATE %s INDEX positions_one_open ON positions (user_id, symbol, (coalesce(strategy_id, '')))
      WHERE status OPERATOR(pg_catalog.=) 'OPEN'$index$,
    CASE WHEN is_unique THEN 'UNIQUE' END);
END
$$;
ALTER TABLE positions DROP CONSTRAINT positions_product_known, DROP COLUMN product;
ALTER TABLE orders
  DROP CONSTRAINT orders_origin_known,
  DROP CONSTRAINT orders_trigger_price_positive,
  DROP CONSTRAINT orders_product_known,
  DROP COLUMN origin,
  DROP COLUMN order_tag,
  DROP COLUMN trigger_price,
  DROP COLUMN exchange,
  DROP COLUMN product;
