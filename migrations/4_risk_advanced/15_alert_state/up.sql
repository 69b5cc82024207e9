-- Whether a message waits for its channel was how the text of its error began. It is a column, and the text is the error alone.

ALTER TABLE alert_deliveries
  ADD COLUMN channel_state varchar(10) NULL,
  -- Not validated: every row that is there has NULL.
  ADD CONSTRAINT alert_deliveries_channel_state_known CHECK (channel_state::text IN ('WAITING', 'FAILING')) NOT VALID;
COMMENT ON COLUMN alert_deliveries.channel_state IS
  'of a message that waits for its channel: WAITING for one that is busy or away, FAILING for one that needs somebody; NULL: it waits for none';

-- Few: those that were sent have no error.
UPDATE alert_deliveries SET
  channel_state = CASE WHEN state = 'PENDING' THEN CASE substr(last_error, 9, 5) WHEN 'fails' THEN 'FAILING' ELSE 'WAITING' END END,
  last_error = substr(last_error, 16)
WHERE (state = 'PENDING' OR state = 'DEAD') AND (starts_with(last_error, 'channel waits: ') OR starts_with(last_error, 'channel fails: '));

-- CRITICAL ones that nobody has read, of everybody and by user, counted exactly among a million that are unread.
CREATE INDEX idx_notifications_unread_critical ON notifications (created_at DESC, notification_id DESC, user_id)
  WHERE read_at IS NULL AND alert_level >= 'CRITICAL';
