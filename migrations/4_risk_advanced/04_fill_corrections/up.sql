-- Executions that were taken back or corrected. order_fills has what counts; what it replaced is kept here.

CREATE TABLE fill_corrections (
  correction_id  varchar(50) COLLATE "C" PRIMARY KEY,
  fill_id        varchar(50) COLLATE "C" NOT NULL,
  order_id       varchar(50) COLLATE "C" NOT NULL,
  broker_fill_id varchar(100) NOT NULL,
  busted         boolean NOT NULL,
  quantity       integer NOT NULL,
  price          double precision NOT NULL,
  executed_at    timestamp NOT NULL,
  realized_pnl   numeric(15, 2) NOT NULL,
  reason         text NOT NULL,
  corrected_by   text NOT NULL DEFAULT session_user,
  corrected_at   timestamp NOT NULL DEFAULT now()
);
COMMENT ON TABLE fill_corrections IS 'executions as they were booked before they were taken back (busted) or corrected';
COMMENT ON COLUMN fill_corrections.busted IS 'true where the execution no longer counts; false where order_fills has its new values';

-- An execution is taken back once, and its id is not booked again.
CREATE UNIQUE INDEX fill_corrections_one_bust ON fill_corrections (order_id, broker_fill_id) WHERE busted;
-- The corrections of one execution.
CREATE INDEX idx_fill_corrections_fill_id ON fill_corrections (fill_id);
-- An import looks up which of its broker fill ids were taken back or corrected.
CREATE INDEX idx_fill_corrections_broker_fill_id ON fill_corrections (broker_fill_id);

-- Nobody may delete executions but by this function, and at commit a trigger asks for the audit entry. They are inserted
-- again, with new values or in another order.
CREATE FUNCTION order_fills_take_out(fill_ids text[]) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  DELETE FROM order_fills f WHERE f.fill_id = ANY(fill_ids);
END
$$;
REVOKE EXECUTE ON FUNCTION order_fills_take_out(text[]) FROM PUBLIC;

CREATE CONSTRAINT TRIGGER order_fills_audited AFTER DELETE ON order_fills
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- The function has the rights of the owner of the executions, and nobody else's tables may stand in for them. What is new
-- belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
BEGIN
  EXECUTE format(
    'ALTER FUNCTION order_fills_take_out(text[]) SET search_path = pg_catalog, %I, pg_temp', current_schema()
  );
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE fill_corrections OWNER TO %I', log_owner);
    EXECUTE format('ALTER FUNCTION order_fills_take_out(text[]) OWNER TO %I', log_owner);
  END IF;
END
$$;
