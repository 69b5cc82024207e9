-- Fails on two checkpoints of one seal instead of dropping one.

DROP TRIGGER trading_sessions_audited ON trading_sessions;
DROP TRIGGER trading_sessions_guarded ON trading_sessions;
DROP FUNCTION trading_sessions_guarded();
DROP TRIGGER idempotency_keys_kept ON idempotency_keys;
DROP FUNCTION idempotency_keys_kept();
DROP TRIGGER pinnacle_settings_audited ON pinnacle_settings;
DROP TRIGGER risk_rules_audited ON risk_rules;
DROP TRIGGER trading_halts_audited ON trading_halts;
DROP FUNCTION audited_change();

CREATE OR REPLACE FUNCTION audit_seal(at_most integer, wait boolean) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  here constant text := (SELECT system_identifier FROM pg_control_system());
  chain audit_seals;
  entries refcursor;
  entry record;
  content text;
  sealed integer := 0;
BEGIN
  IF wait THEN
    PERFORM pg_advisory_xact_lock(7052413002);
  ELSIF NOT pg_try_advisory_xact_lock(7052413002) THEN
    RETURN 0;
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
    EXIT WHEN NOT FOUND OR sealed = at_most;
    chain.seq := coalesce(chain.seq, 0) + 1;
    chain.cluster := CASE WHEN entry.brought THEN coalesce(chain.cluster, '') ELSE here END;
    content := json_build_array(entry.id::text, entry.txid::text,
      to_char(entry.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), entry.actor, entry.command, entry.target, entry.body);
    chain.hash := encode(sha256(convert_to(concat(chain.hash, content), 'UTF8')), 'hex');
    INSERT INTO audit_seals (seq, audit_id, txid, cluster, hash)
    VALUES (chain.seq, entry.id, entry.txid, chain.cluster, chain.hash);
    sealed := sealed + 1;
  END LOOP;
  RETURN sealed;
END
$$;

-- It works with its owner's rights: nobody else's tables, types or operators may stand in for those it means, and it
-- is called by whom the owner lets (access apply: operator and cron).
DO $$
BEGIN
  EXECUTE format(
    'ALTER FUNCTION audit_seal(integer, boolean) SET search_path = pg_catalog, %I, pg_temp', current_schema()
  );
END
$$;

DROP TABLE audit_sealing;

DROP TRIGGER audit_checkpoint_form ON audit_checkpoints;
DROP FUNCTION audit_checkpoint_form();
ALTER TABLE audit_checkpoints
  DROP CONSTRAINT audit_checkpoints_pkey,
  ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (seq);

DROP TRIGGER audit_log_form ON audit_log;
DROP FUNCTION audit_log_form();
