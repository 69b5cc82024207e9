-- Executions that were taken over go with their balances: without them, they would belong to no position.
DROP TRIGGER orders_held ON orders;
DROP FUNCTION orders_held();
DROP TRIGGER users_foreign ON users;
DROP TRIGGER orders_foreign ON orders;
DROP TRIGGER strategies_foreign ON strategies;
DROP TRIGGER user_strategies_foreign ON user_strategies;
DROP TRIGGER positions_foreign ON positions;
DROP TRIGGER notifications_foreign ON notifications;
DROP TRIGGER trading_sessions_foreign ON trading_sessions;
DROP TRIGGER risk_rules_foreign ON risk_rules;
DROP FUNCTION note_foreign_write();
DROP TABLE foreign_writes;
DROP TABLE ledger_openings;
DROP INDEX idx_positions_closed_at;

ALTER TABLE order_fills DISABLE TRIGGER order_fills_audited;
DELETE FROM order_fills WHERE adopted IS NOT NULL AND position_id IS NULL;
ALTER TABLE order_fills ENABLE TRIGGER order_fills_audited;
ALTER TABLE order_fills
  DROP CONSTRAINT order_fills_position_or_adopted,
  ALTER COLUMN position_id SET NOT NULL,
  DROP COLUMN adopted;

DROP TRIGGER users_default_nulls ON users;
DROP TRIGGER orders_default_nulls ON orders;
DROP TRIGGER strategies_default_nulls ON strategies;
DROP TRIGGER user_strategies_default_nulls ON user_strategies;
DROP TRIGGER positions_default_nulls ON positions;
DROP TRIGGER notifications_default_nulls ON notifications;
DROP TRIGGER trading_sessions_default_nulls ON trading_sessions;
DROP TRIGGER risk_rules_default_nulls ON risk_rules;
DROP FUNCTION default_nulls();
