-- Drops every execution, position and strategy activation. Orders keep their filled_quantity and filled_price.

DROP TABLE order_fills;
DROP TABLE positions;
DROP TABLE user_strategies;

DROP TYPE position_status;
DROP TYPE position_side;
DROP TYPE strategy_status;
