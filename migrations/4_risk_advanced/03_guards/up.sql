-- What a role may write is checked where it is written: the form of audit entries and checkpoints, and the audit entry
-- of every change of a halt, a limit or a setting. A superuser and the owner of the tables are exempt, whom no trigger
-- restrains.

-- Length, form and names of an entry. What is not JSON would fail every reader of the log, and what is too long to be
-- hashed would end the sealing.
CREATE FUNCTION audit_log_form() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  problem text;
BEGIN
  IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RETURN NEW;
  END IF;
  problem := CASE
    WHEN length(NEW.command) > 60 OR NEW.command !~ '^[a-z]+(-[a-z]+)*( [a-z]+(-[a-z]+)*)*$' THEN 'the command is none'
    WHEN length(NEW.target) NOT BETWEEN 1 AND 500 OR NEW.target ~ '[[:cntrl:]]' THEN 'the target is none'
    WHEN octet_length(NEW.body) > 1048576 THEN 'the body has more than 1 MiB'
  END;
  IF problem IS NULL THEN
    BEGIN
      IF jsonb_typeof(NEW.body::jsonb) <> 'object' THEN
        problem := 'the body is no JSON object';
      END IF;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      problem := 'the body is no JSON';
    END;
  END IF;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION 'an audit entry is refused: %', problem
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'audit_log', CONSTRAINT = 'audit_log_form';
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_log_form() FROM PUBLIC;

CREATE TRIGGER audit_log_form BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_form();

-- A checkpoint is of a seal that is there, and says of it what it is. Its signature can only be verified with a public
-- key, outside the database: one that is not valid proves nothing, and must not keep a valid one out.
-- One row a night: the index takes no time.
ALTER TABLE audit_checkpoints
  DROP CONSTRAINT audit_checkpoints_pkey,
  -- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
  ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (seq, signature);

CREATE FUNCTION audit_checkpoint_form() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  signed jsonb;
  seal audit_seals;
BEGIN
  IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RETURN NEW;
  END IF;
  SELECT s.* INTO seal FROM audit_seals s WHERE s.seq = NEW.seq;
  IF octet_length(NEW.body) <= 1000 THEN
    BEGIN
      signed := NEW.body;
    EXCEPTION WHEN data_exception THEN
      signed := NULL;
    END;
  END IF;
  IF seal.seq IS NULL OR signed IS NULL OR NEW.key_id !~ '^[0-9a-f]{16}$' OR NEW.signature !~ '^[A-Za-z0-9+/]{86}==$'
    OR (signed - 'at') IS DISTINCT FROM jsonb_build_object(
      'seq', seal.seq::text, 'audit_id', seal.audit_id::text, 'hash', seal.hash, 'cluster', seal.cluster)
  THEN
    RAISE EXCEPTION 'a checkpoint is refused: it is of no seal that is there'
      USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = 'audit_checkpoints',
        CONSTRAINT = 'audit_checkpoint_form';
  END IF;
  RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION audit_checkpoint_form() FROM PUBLIC;

CREATE TRIGGER audit_checkpoint_form BEFORE INSERT ON audit_checkpoints
  FOR EACH ROW EXECUTE FUNCTION audit_checkpoint_form();

-- Who seals holds this table, which is empty and granted to nobody. An advisory lock could be taken by any login.
CREATE TABLE audit_sealing (held boolean);

-- As in step 1, but for the lock, and for the bytes that one call hashes: no write pays for a backlog of long entries.
CREATE OR REPLACE FUNCTION audit_seal(at_most integer, wait boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  here constant text := (SELECT system_identifier FROM pg_control_system());
  bytes_left bigint := CASE WHEN wait THEN 64000000 ELSE 4000000 END;
  chain audit_seals;
  entries refcursor;
  entry record;
  content text;
  sealed integer := 0;
BEGIN
  IF wait THEN
    LOCK TABLE audit_sealing IN EXCLUSIVE MODE;
  ELSE
    BEGIN
      LOCK TABLE audit_sealing IN EXCLUSIVE MODE NOWAIT;
    EXCEPTION WHEN lock_not_available THEN
      RETURN 0;
    END;
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
    EXIT WHEN NOT FOUND OR sealed = at_most OR bytes_left <= 0;
    chain.seq := coalesce(chain.seq, 0) + 1;
    chain.cluster := CASE WHEN entry.brought THEN coalesce(chain.cluster, '') ELSE here END;
    content := json_build_array(entry.id::text, entry.txid::text,
      to_char(entry.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.actor, entry.command, entry.target, entry.body);
    chain.hash := encode(sha256(convert_to(concat(chain.hash, content), 'UTF8')), 'hex');
    INSERT INTO audit_seals (seq, audit_id, txid, cluster, hash)
    VALUES (chain.seq, entry.id, entry.txid, chain.cluster, chain.hash);
    sealed := sealed + 1;
    bytes_left := bytes_left - octet_length(content);
  END LOOP;
  RETURN sealed;
END
$$;

-- A change of a halt, a limit or a setting stands only beside the entry that tells of it: at the end of its transaction
-- there is one of this login that names the row.
CREATE FUNCTION audited_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  old_row jsonb := CASE WHEN TG_OP = 'INSERT' THEN '{}' ELSE to_jsonb(OLD) END;
  new_row jsonb := CASE WHEN TG_OP = 'DELETE' THEN '{}' ELSE to_jsonb(NEW) END;
  changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN old_row ELSE new_row END;
  told boolean;
BEGIN
  IF old_row = new_row
    OR pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'MEMBER') THEN
    RETURN NULL;
  END IF;
  told := EXISTS (
    SELECT FROM audit_log l
    WHERE l.txid = pg_current_xact_id() AND l.actor = session_user AND l.command <> 'denied'
      AND CASE TG_TABLE_NAME
        WHEN 'trading_halts' THEN
          l.command LIKE 'risk %' AND strpos(l.body, to_json(changed ->> 'halt_id')::text) > 0
        WHEN 'risk_rules' THEN
          (l.command LIKE 'risk %' AND l.target = concat('user ', changed ->> 'user_id'))
          OR (l.command = 'retention run' AND TG_OP = 'DELETE')
        WHEN 'pinnacle_settings' THEN
          l.target = 'settings' AND strpos(l.body, to_json(changed ->> 'name')::text) > 0
        ELSE true
      END
  );
  -- Who set or lifted a halt is who the database says, and nothing else of it changes.
  IF TG_TABLE_NAME = 'trading_halts' THEN
    told := told AND CASE TG_OP
      WHEN 'INSERT' THEN new_row ->> 'halted_by' = session_user
      ELSE new_row ->> 'resumed_by' = session_user AND old_row ->> 'resumed_at' IS NULL
        AND old_row - '{resumed_by,resumed_reason,resumed_at}'::text[]
          = new_row - '{resumed_by,resumed_reason,resumed_at}'::text[]
    END;
  END IF;
  IF told IS NOT TRUE THEN
    RAISE EXCEPTION 'a change of % needs its audit entry in the same transaction', TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END
$$;
REVOKE EXECUTE ON FUNCTION audited_change() FROM PUBLIC;

CREATE CONSTRAINT TRIGGER trading_halts_audited AFTER INSERT OR UPDATE OR DELETE ON trading_halts
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();
-- Not what a check writes: current values are many, and tell nothing that cannot be evaluated again.
CREATE CONSTRAINT TRIGGER risk_rules_audited AFTER INSERT OR UPDATE OF rule_id, user_id, rule_type, rule_value OR DELETE
  ON risk_rules DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();
CREATE CONSTRAINT TRIGGER pinnacle_settings_audited AFTER INSERT OR UPDATE OR DELETE ON pinnacle_settings
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- A stored result is written by the transaction that took the key, and deleted by it or when it is 23 hours old.
CREATE FUNCTION idempotency_keys_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')
    OR (TG_OP = 'DELETE' AND OLD.at < now() AT TIME ZONE 'UTC' - interval '23 hours')
    OR EXISTS (SELECT FROM idempotency_keys k
      WHERE k.actor = OLD.actor AND k.key = OLD.key AND k.actor = session_user
        AND k.xmin = pg_current_xact_id()::xid) THEN
    IF TG_OP = 'DELETE' THEN
      RETURN OLD;
    END IF;
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'a stored result is not changed' USING ERRCODE = 'insufficient_privilege';
END
$$;
REVOKE EXECUTE ON FUNCTION idempotency_keys_kept() FROM PUBLIC;

CREATE TRIGGER idempotency_keys_kept BEFORE UPDATE OR DELETE ON idempotency_keys
  FOR EACH ROW EXECUTE FUNCTION idempotency_keys_kept();

-- Unattended jobs mark and end the sessions that run, and delete those that ended long ago. Who may not write
-- their results changes and deletes no other, and a drawdown only grows, beside an audit entry.
CREATE FUNCTION trading_sessions_guarded() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF has_column_privilege(TG_RELID, 'total_pnl', 'UPDATE')
      OR (OLD.status <> 'ACTIVE' AND OLD.end_time < now() AT TIME ZONE 'UTC' - interval '23 hours') THEN
      RETURN OLD;
    END IF;
  ELSIF has_column_privilege(TG_RELID, 'total_pnl', 'UPDATE')
    OR (OLD.status = 'ACTIVE' AND NEW.max_drawdown >= OLD.max_drawdown) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'this role may change sessions that run, and delete those that ended' USING ERRCODE = 'insufficient_privilege';
END
$$;
REVOKE EXECUTE ON FUNCTION trading_sessions_guarded() FROM PUBLIC;

CREATE TRIGGER trading_sessions_guarded BEFORE UPDATE OR DELETE ON trading_sessions
  FOR EACH ROW EXECUTE FUNCTION trading_sessions_guarded();
CREATE CONSTRAINT TRIGGER trading_sessions_audited AFTER UPDATE ON trading_sessions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NOT has_column_privilege('trading_sessions'::regclass, 'total_pnl', 'UPDATE')) EXECUTE FUNCTION audited_change();

-- These read tables of ours, and some with the rights of their owner: nobody else's may stand in for them. What is new
-- belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  signature text;
BEGIN
  FOREACH signature IN ARRAY
    '{"audit_seal(integer, boolean)", "audit_checkpoint_form()", "audited_change()", "idempotency_keys_kept()"}'::text[]
  LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp', signature, current_schema());
  END LOOP;
  IF log_owner <> current_user THEN
    EXECUTE format('ALTER TABLE audit_sealing OWNER TO %I', log_owner);
    EXECUTE format('ALTER TABLE pinnacle_settings OWNER TO %I', log_owner);
    EXECUTE format('ALTER FUNCTION audited_change() OWNER TO %I', log_owner);
  END IF;
END
$$;
