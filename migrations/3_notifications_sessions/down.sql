-- Drops every notification and trading session.

DROP TABLE trading_sessions;
DROP TABLE notifications;

DROP TYPE session_status;
DROP TYPE alert_level;
DROP TYPE notification_type;
