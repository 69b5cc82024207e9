/**
 * Sixty writes as a service with an ORM makes them to the tables of the document, one after the other: columns named or left
 * to the server, explicit NULLs, uuid ids, direct changes of status, closing with the quantity kept, several OPEN rows,
 * deletes. They name types as the columns have them.
 */
export const SERVICE_WRITES: readonly string[] = [
  // Users: with defaults, with NULLs for them, with a plain key.
  `INSERT INTO users (user_id, name, email, api_key) VALUES ('svc_1', 'Service One', 's1@example.com', 'plain-key-1')`,
  `INSERT INTO users (user_id, name, email, api_key, broker_api_key, broker_secret, broker_token, total_capital, risk_tolerance,
     enabled, created_at, last_login)
   VALUES ('svc_2', 'Service Two', 's2@example.com', 'plain-key-2', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `INSERT INTO users (user_id, name, email, api_key, total_capital)
   VALUES ('6f1c2f0e-9f0a-4c55-9d59-0f6a3f6f1f11', 'Uuid', 's3@example.com', 'plain-key-3', 250000.5)`,
  `UPDATE users SET last_login = now() WHERE user_id = 'svc_1'`,
  `UPDATE users SET total_capital = total_capital + 1250.25 WHERE user_id = 'svc_1'`,
  `UPDATE users SET risk_tolerance = 'HIGH' WHERE user_id = 'svc_2'`,
  // Strategies, and who runs them.
  `INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
     max_drawdown, symbols, parameters)
   VALUES ('rsi_dmi', 'RSI DMI', 'd', 'momentum', 'Medium', 50000, 18.5, 12, '["TCS", "INFY"]', '{"rsi_period": 14}')`,
  `UPDATE strategies SET is_active = NULL, created_at = NULL WHERE strategy_id = 'rsi_dmi'`,
  `INSERT INTO user_strategies (user_id, strategy_id, allocation_amount) VALUES ('svc_1', 'rsi_dmi', 10000)`,
  `UPDATE user_strategies SET total_orders = 7, successful_orders = 5, total_pnl = 812.4 WHERE user_id = 'svc_1'`,
  `INSERT INTO user_strategies (user_id, strategy_id, status, custom_parameters, total_pnl)
   VALUES ('svc_2', 'rsi_dmi', 'PAUSED', NULL, NULL)`,
  `UPDATE user_strategies SET status = 'STOPPED', deactivated_at = now() WHERE user_id = 'svc_2'`,
  // Orders through their life, by direct changes of status.
  `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price)
   VALUES ('svc-o1', 'svc_1', 'rsi_dmi', 'TCS', 'BUY', 'LIMIT', 10, 3500)`,
  `UPDATE orders SET status = 'PLACED', broker_order_id = '230100001', updated_at = now() WHERE order_id = 'svc-o1'`,
  `UPDATE orders SET status = 'PARTIALLY_FILLED', filled_quantity = 4, filled_price = 3500 WHERE order_id = 'svc-o1'`,
  `UPDATE orders SET status = 'FILLED', filled_quantity = 10, filled_price = 3500.5 WHERE order_id = 'svc-o1'`,
  `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price,
     status, broker_order_id, error_message, retry_count, created_at, updated_at)
   VALUES ('svc-o2', 'svc_1', 'manual', 'INFY', 'SELL', 'MARKET', 5, 1500, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`,
  `UPDATE orders SET status = 'FILLED' WHERE order_id = 'svc-o2'`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, error_message, retry_count)
   VALUES ('svc-o3', 'svc_1', 'WIPRO', 'BUY', 'STOP_LOSS', 7, 400, 'REJECTED', 'RMS: margin', 3)`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
   VALUES ('svc-o4', 'svc_2', 'SBIN', 'BUY', 'LIMIT', 20, 600, 'PLACED')`,
  `UPDATE orders SET status = 'CANCELLED', filled_quantity = 8, filled_price = 599.5 WHERE order_id = 'svc-o4'`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
   VALUES ('b0a1b6d0-4c11-4a3c-8b55-2f8d5a1f7c01', 'svc_2', 'SBIN', 'SELL', 'MARKET', 8, 610, 'FILLED', 8, 610.25)`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
   VALUES ('order with spaces ' || repeat('x', 32), 'svc_2', 'ITC', 'BUY', 'LIMIT', 3, 450, 'FILLED', 3, 450)`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at, updated_at)
   VALUES ('svc-o5', 'svc_2', 'ITC', 'BUY', 'LIMIT', 3, 450, (now() AT TIME ZONE 'Asia/Kolkata'), (now() AT TIME ZONE 'Asia/Kolkata'))`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
   VALUES ('svc-o6', 'svc_1', 'TCS', 'BUY', 'LIMIT', 5, 3490, 'PARTIALLY_FILLED', 5, 3490)`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
   VALUES ('svc-o7', 'svc_1', 'HDFC', 'BUY', 'LIMIT', 5, 2700, 'PARTIALLY_FILLED')`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
   VALUES ('svc-o8', 'svc_1', 'HDFC', 'BUY', 'LIMIT', 5, 2700), ('svc-o9', 'svc_1', 'HDFC', 'SELL', 'LIMIT', 5, 2800)`,
  `UPDATE orders SET retry_count = retry_count + 1, updated_at = now() WHERE user_id = 'svc_1' AND status = 'PENDING'`,
  `DELETE FROM orders WHERE order_id = 'svc-o9'`,
  `UPDATE orders SET quantity = 6, price = 2710.5 WHERE order_id = 'svc-o8'`,
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
   VALUES ('svc-o10', 'svc_2', 'NIFTY24DEC25000CE', 'BUY', 'LIMIT', 50, 120, 'FILLED', 75, 119.5)`,
  // Positions: closed with the quantity kept, of nothing, short with a negative sign, several OPEN ones.
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, strategy_id, order_id)
   VALUES ('svc-p1', 'svc_1', 'TCS', 'LONG', 10, 3500.5, 3500.5, 'rsi_dmi', 'svc-o1')`,
  `UPDATE positions SET current_price = 3520.5, unrealized_pnl = 200, updated_at = now() WHERE position_id = 'svc-p1'`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, order_id)
   VALUES ('svc-p2', 'svc_1', 'TCS', 'LONG', 5, 3490, 3520.5, 'svc-o6')`,
  `UPDATE positions SET unrealized_pnl = 152.5 WHERE position_id = 'svc-p2'`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl)
   VALUES ('svc-p3', 'svc_1', 'TCS', 'LONG', 15, 3510, 3520.5, 157.5)`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, strategy_id)
   VALUES ('svc-p4', 'svc_1', 'INFY', 'SHORT', -5, 1500, 1500, 'manual')`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, realized_pnl, status,
     closed_at)
   VALUES ('svc-p5', 'svc_2', 'SBIN', 'LONG', 8, 599.5, 610.25, 86, 'CLOSED', now())`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
   VALUES ('svc-p6', 'svc_2', 'ITC', 'LONG', 3, 450, 450)`,
  `UPDATE positions SET status = 'CLOSED', realized_pnl = 12.3 WHERE position_id = 'svc-p6'`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
   VALUES ('svc-p7', 'svc_2', 'ITC', 'LONG', 0, 450, 450)`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, realized_pnl,
     status, opened_at, closed_at, created_at, updated_at)
   VALUES ('0d9f5f0a-1c44-4c0c-8ad2-60a2b26f7b02', 'svc_2', 'NIFTY24DEC25000CE', 'LONG', 75, 119.5, 121, 112.5, NULL, NULL, NULL,
     NULL, NULL, NULL)`,
  `UPDATE positions SET closed_at = now() WHERE position_id = 'svc-p3'`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
   VALUES ('svc-p8', 'svc_2', 'GONE', 'LONG', 1, 10, 10)`,
  `DELETE FROM positions WHERE position_id = 'svc-p8'`,
  // Sessions: several ACTIVE ones, an ended one without an end.
  `INSERT INTO trading_sessions (session_id, user_id, capital_at_start) VALUES ('svc-s1', 'svc_1', 100000)`,
  `INSERT INTO trading_sessions (session_id, user_id, capital_at_start, start_time)
   VALUES ('svc-s2', 'svc_1', 100500, now() + interval '1 second')`,
  `UPDATE trading_sessions SET total_orders = 4, successful_orders = 2, total_pnl = 350.75 WHERE session_id = 'svc-s1'`,
  `INSERT INTO trading_sessions (session_id, user_id, capital_at_start, capital_at_end, status, total_pnl)
   VALUES ('svc-s3', 'svc_2', 100000, 100098.3, 'COMPLETED', 98.3)`,
  `INSERT INTO trading_sessions (session_id, user_id, start_time, end_time, total_orders, successful_orders, total_pnl, max_drawdown,
     capital_at_start, capital_at_end, status, created_at, updated_at)
   VALUES ('svc-s4', 'svc_2', NULL, now(), NULL, NULL, NULL, NULL, 100000, 99000, NULL, NULL, NULL)`,
  `UPDATE trading_sessions SET max_drawdown = 2.5 WHERE session_id = 'svc-s2'`,
  // Rules: a second one of a type, a limit as a fraction.
  `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ('svc-r1', 'svc_1', 'MAX_DRAWDOWN', 0.2)`,
  `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ('svc-r2', 'svc_1', 'MAX_DRAWDOWN', 10)`,
  `UPDATE risk_rules SET current_value = 2.5, is_violated = NULL, violation_message = NULL WHERE rule_id = 'svc-r2'`,
  `DELETE FROM risk_rules WHERE rule_id = 'svc-r1'`,
  // Notifications.
  `INSERT INTO notifications (notification_id, user_id, notification_type, title, message)
   VALUES ('svc-n1', 'svc_1', 'ORDER_FILLED', 'Filled', 'TCS')`,
  `INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, data, read_at, created_at)
   VALUES ('svc-n2', NULL, 'SERVICE_DOWN', NULL, 'Down', 'feed', NULL, NULL, NULL)`,
  `UPDATE notifications SET read_at = now() WHERE notification_id = 'svc-n1'`,
  `DELETE FROM notifications WHERE notification_id = 'svc-n1'`,
  `UPDATE users SET enabled = false WHERE user_id = '6f1c2f0e-9f0a-4c55-9d59-0f6a3f6f1f11'`,
];
