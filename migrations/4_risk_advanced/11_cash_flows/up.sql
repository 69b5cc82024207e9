-- Money that moves the capital of a user beside executions: paid in or out, charged, received as a dividend. A row is never
-- changed: what was wrong is countered by another row.

CREATE TABLE cash_flows (
  flow_id    varchar(50) COLLATE "C" PRIMARY KEY,
  user_id    varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  kind       varchar(20) NOT NULL,
  amount     numeric(15, 2) NOT NULL,
  day        date NOT NULL,
  reference  varchar(100) COLLATE "C" NOT NULL,
  reason     text NOT NULL DEFAULT '',
  corrects   varchar(50) COLLATE "C" NULL,
  booked_by  text NOT NULL DEFAULT session_user,
  created_at timestamp NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT cash_flows_booked_once UNIQUE (user_id, kind, reference),
  CONSTRAINT cash_flows_kind_known CHECK (kind IN ('deposit', 'withdrawal', 'charge', 'dividend', 'correction')),
  -- Who holds shares short owes their dividend.
  CONSTRAINT cash_flows_amount_signed CHECK (
    amount <> 'NaN' AND CASE kind
      WHEN 'deposit' THEN amount > 0
      WHEN 'withdrawal' THEN amount < 0
      WHEN 'charge' THEN amount < 0
      ELSE amount <> 0 END
  ),
  CONSTRAINT cash_flows_corrects_one CHECK ((kind = 'correction') = (corrects IS NOT NULL))
);
COMMENT ON COLUMN cash_flows.amount IS 'rupees, by which the capital rises; negative where it falls';
COMMENT ON COLUMN cash_flows.day IS 'the trading day that it counts for';
COMMENT ON COLUMN cash_flows.reference IS 'what it is known by, so that it is booked once; its own id where nobody said one';
COMMENT ON COLUMN cash_flows.corrects IS 'the flow that a correction counters';

-- The flows of a user, latest first.
CREATE INDEX idx_cash_flows_user_day ON cash_flows (user_id, day DESC, flow_id DESC);
-- charges book and charges show: those of a day, of all users.
CREATE INDEX idx_cash_flows_charges ON cash_flows (day) WHERE kind = 'charge';

CREATE TRIGGER cash_flows_append_only
  BEFORE UPDATE OR DELETE OR TRUNCATE ON cash_flows
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
CREATE CONSTRAINT TRIGGER cash_flows_audited AFTER INSERT ON cash_flows
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- What is new belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
BEGIN
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE cash_flows OWNER TO %I', log_owner);
  END IF;
END
$$;
