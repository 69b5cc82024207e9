-- Old and new names of one share, and what a merge of both moved.

CREATE TABLE symbol_aliases (
  old_symbol varchar(50) COLLATE "C" PRIMARY KEY,
  new_symbol varchar(50) COLLATE "C" NOT NULL,
  from_date  date NULL,
  created_by text NOT NULL DEFAULT session_user,
  created_at timestamp NOT NULL DEFAULT now(),
  CONSTRAINT symbol_aliases_differ CHECK (old_symbol <> new_symbol)
);
COMMENT ON COLUMN symbol_aliases.from_date IS 'the trading day from which the new name is valid; NULL: always';

-- A row for each trader of a merge, until it is taken back.
CREATE TABLE symbol_merges (
  merge_id   varchar(50) COLLATE "C" NOT NULL,
  user_id    varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  old_symbol varchar(50) COLLATE "C" NOT NULL,
  new_symbol varchar(50) COLLATE "C" NOT NULL,
  booked     json NOT NULL,
  merged_by  text NOT NULL DEFAULT session_user,
  merged_at  timestamp NOT NULL DEFAULT now(),
  PRIMARY KEY (merge_id, user_id)
);
COMMENT ON COLUMN symbol_merges.booked IS 'orders, executions and positions as they were before, by which the merge is taken back';

-- The merges of a trader.
CREATE INDEX idx_symbol_merges_user_id ON symbol_merges (user_id);

-- Who merges or renames says so in the audit log.
CREATE CONSTRAINT TRIGGER symbol_aliases_audited AFTER INSERT OR UPDATE OR DELETE ON symbol_aliases
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();
CREATE CONSTRAINT TRIGGER symbol_merges_audited AFTER INSERT OR UPDATE OR DELETE ON symbol_merges
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- What is new belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
BEGIN
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE symbol_aliases OWNER TO %I', log_owner);
    EXECUTE format('ALTER TABLE symbol_merges OWNER TO %I', log_owner);
  END IF;
END
$$;
