-- What each user was worth at the end of a trading day: capital as the ledger has it, and open positions at the prices of that day.

CREATE TABLE equity_snapshots (
  user_id        varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  day            date NOT NULL,
  capital        numeric(15, 2) NOT NULL,
  realized_pnl   numeric(15, 2) NOT NULL DEFAULT 0,
  paid_in        numeric(15, 2) NOT NULL DEFAULT 0,
  paid_out       numeric(15, 2) NOT NULL DEFAULT 0,
  charges        numeric(15, 2) NOT NULL DEFAULT 0,
  dividends      numeric(15, 2) NOT NULL DEFAULT 0,
  executions     integer NOT NULL DEFAULT 0,
  open_positions integer NOT NULL DEFAULT 0,
  unpriced       json NOT NULL DEFAULT '[]',
  unrealized_pnl numeric(24, 2) NULL,
  long_value     numeric(24, 2) NULL,
  short_value    numeric(24, 2) NULL,
  priced_by      varchar(200) NOT NULL,
  priced_at      timestamp NULL,
  taken_at       timestamp NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, day),
  CONSTRAINT equity_snapshots_counted CHECK (executions >= 0 AND open_positions >= 0 AND json_typeof(unpriced) = 'array'),
  -- A position without a price is worth something, but nobody knows what: never 0.
  CONSTRAINT equity_snapshots_valued CHECK (
    CASE WHEN unpriced::text = '[]'
      THEN unrealized_pnl IS NOT NULL AND long_value IS NOT NULL AND short_value IS NOT NULL
      ELSE unrealized_pnl IS NULL AND long_value IS NULL AND short_value IS NULL END
  ),
  CONSTRAINT equity_snapshots_finite CHECK (
    'NaN' NOT IN (capital, realized_pnl, paid_in, paid_out, charges, dividends) AND unrealized_pnl <> 'NaN'
    AND long_value >= 0 AND long_value <> 'NaN' AND short_value >= 0 AND short_value <> 'NaN'
  )
);
COMMENT ON COLUMN equity_snapshots.day IS 'a trading day';
COMMENT ON COLUMN equity_snapshots.capital IS 'rupees at the end of the day: opening capital, movements of money and what was realized';
COMMENT ON COLUMN equity_snapshots.charges IS 'of the day, below 0; paid_in and paid_out are above';
COMMENT ON COLUMN equity_snapshots.unpriced IS 'symbols of open positions without a price of the day';
COMMENT ON COLUMN equity_snapshots.short_value IS 'what it would take to buy back, above 0';
COMMENT ON COLUMN equity_snapshots.priced_by IS 'marks, or the file of closing prices';
COMMENT ON COLUMN equity_snapshots.priced_at IS 'of the oldest mark';

-- A day of all users.
CREATE INDEX idx_equity_snapshots_day ON equity_snapshots (day, user_id);

DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
BEGIN
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE equity_snapshots OWNER TO %I', log_owner);
  END IF;
END
$$;
