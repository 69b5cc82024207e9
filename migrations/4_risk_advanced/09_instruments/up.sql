-- What can be traded, and when: the instrument master of the broker and the calendar of the exchanges.

CREATE TABLE instruments (
  exchange        varchar(10) COLLATE "C" NOT NULL,
  trading_symbol  varchar(50) COLLATE "C" NOT NULL,
  symbol          varchar(50) COLLATE "C" NOT NULL,
  token           varchar(30) COLLATE "C" NOT NULL DEFAULT '',
  name            varchar(200) NOT NULL DEFAULT '',
  isin            varchar(12) NULL,
  series          varchar(10) COLLATE "C" NOT NULL DEFAULT '',
  kind            varchar(10) COLLATE "C" NOT NULL,
  lot             integer NULL,
  tick            numeric NULL,
  freeze_quantity integer NULL,
  expiry          date NULL,
  strike          numeric NULL,
  listed          boolean NOT NULL DEFAULT true,
  seen_at         timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (exchange, trading_symbol),
  CONSTRAINT instruments_kind_known CHECK (kind IN ('EQ', 'FUT', 'OPT', 'INDEX', 'OTHER')),
  CONSTRAINT instruments_above_zero CHECK (lot > 0 AND tick > 0 AND freeze_quantity > 0 AND strike > 0)
);
COMMENT ON COLUMN instruments.trading_symbol IS 'the name at the broker, with its series: SBIN-EQ';
COMMENT ON COLUMN instruments.symbol IS 'the name in orders: SBIN. Several series of a share have the same one';
COMMENT ON COLUMN instruments.token IS 'the number at the broker, unique within an exchange; empty where no file has one';
COMMENT ON COLUMN instruments.tick IS 'rupees';
COMMENT ON COLUMN instruments.strike IS 'rupees';
COMMENT ON COLUMN instruments.listed IS 'whether the last file of the exchange had it';
COMMENT ON COLUMN instruments.seen_at IS 'when a file last wrote this row: the same values are not written again';

CREATE UNIQUE INDEX instruments_token ON instruments (exchange, token) WHERE token <> '';
-- The instrument of an order.
CREATE INDEX idx_instruments_symbol ON instruments (symbol, exchange);
-- Whether a share has derivatives: its closing auction depends on it.
CREATE INDEX idx_instruments_futures ON instruments (name) WHERE kind = 'FUT';

-- The days on which an exchange is closed on a weekday, or open at other hours than its own.
CREATE TABLE market_days (
  exchange varchar(10) COLLATE "C" NOT NULL,
  day      date NOT NULL,
  name     varchar(200) NOT NULL,
  kind     varchar(10) NOT NULL,
  opens    time NULL,
  closes   time NULL,
  source   varchar(500) NOT NULL DEFAULT '',
  PRIMARY KEY (exchange, day),
  CONSTRAINT market_days_kind_known CHECK (kind IN ('HOLIDAY', 'SPECIAL')),
  CONSTRAINT market_days_hours CHECK (
    CASE WHEN kind = 'SPECIAL' THEN opens IS NOT NULL AND closes IS NOT NULL AND opens < closes
    ELSE opens IS NULL AND closes IS NULL END)
);
COMMENT ON COLUMN market_days.opens IS 'in Asia/Kolkata, as closes';
COMMENT ON COLUMN market_days.source IS 'the circular or the file that says so';

DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  created text;
BEGIN
  IF log_owner <> current_user THEN
    FOREACH created IN ARRAY '{instruments,market_days}'::text[] LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO %I', created, log_owner);
    END LOOP;
  END IF;
END
$$;
