-- Drops every notification and trading session, and which session a fill was booked in.

ALTER TABLE order_fills DROP COLUMN session_id;

DROP TABLE trading_sessions;
DROP TABLE notifications;

DROP TYPE session_status;
DROP TYPE alert_level;
DROP TYPE notification_type;
