-- Drops every risk rule, halt (also a latched one) and API key in grace.

DROP INDEX idx_notifications_user_newest;
DROP INDEX idx_notifications_unread_newest;
DROP INDEX idx_notifications_unread;
DROP INDEX idx_order_fills_executed_at;
DROP INDEX idx_orders_working;
DROP INDEX idx_orders_updated_at;
DROP INDEX idx_orders_strategy_newest;
DROP INDEX idx_orders_status_newest;
DROP INDEX idx_orders_newest;
DROP INDEX idx_orders_user_newest;
DROP INDEX trading_sessions_one_active;
DROP INDEX idx_trading_sessions_ended;
DROP INDEX idx_trading_sessions_newest;
DROP INDEX idx_positions_open_newest;
DROP INDEX idx_positions_user_newest;
DROP INDEX idx_positions_newest;
DROP INDEX positions_one_open;

DROP TRIGGER users_broker_envelope ON users;
DROP FUNCTION users_broker_envelope();

-- Fails on a credential of more than 100 characters instead of cutting it: clear it first.
ALTER TABLE users
  ALTER COLUMN broker_api_key TYPE varchar(100),
  ALTER COLUMN broker_secret TYPE varchar(100),
  ALTER COLUMN broker_token TYPE varchar(100);

DROP TABLE api_key_grace;
DROP TABLE trading_halts;
DROP TABLE risk_rules;
DROP FUNCTION risk_rules_in_force();

DROP TYPE rule_type;
