-- Drops every order, user, strategy, and the audit log with them.

DROP TABLE realtime_outbox;
DROP TABLE idempotency_keys;
DROP FUNCTION audit_seal(integer, boolean);
DROP TABLE audit_checkpoints;
DROP TABLE audit_seals;
DROP TABLE audit_log;
DROP FUNCTION audit_append_only();
DROP TABLE strategies;
DROP TABLE orders;
DROP TABLE users;

DROP TYPE order_status;
DROP TYPE order_type;
DROP TYPE order_side;
