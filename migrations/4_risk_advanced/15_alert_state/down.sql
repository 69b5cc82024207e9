-- Whether a message waits for its channel is how its error begins again.
DROP INDEX idx_notifications_unread_critical;
UPDATE alert_deliveries SET
  last_error = concat('channel ', CASE channel_state WHEN 'FAILING' THEN 'fails' ELSE 'waits' END, ': ', last_error)
WHERE state = 'PENDING' AND channel_state IS NOT NULL;
ALTER TABLE alert_deliveries DROP COLUMN channel_state;
