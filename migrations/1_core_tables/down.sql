-- Drops every order, user, strategy, and the audit log with them.

DROP TABLE audit_log;
DROP FUNCTION audit_log_append_only();
DROP TABLE strategies;
DROP TABLE orders;
DROP TABLE users;

DROP TYPE order_status;
DROP TYPE order_type;
DROP TYPE order_side;
