-- Alerts: notifications that are sent to where somebody sees them. A notification is its own entry of the queue: what has no
-- routed_at was not looked at yet, whoever wrote it and in whatever order transactions end. No position in time or in ids could
-- say that, since a transaction that began earlier may end later.

-- What is there already is not sent: the default holds for these rows alone.
ALTER TABLE notifications ADD COLUMN routed_at timestamp NULL DEFAULT now();
ALTER TABLE notifications ALTER COLUMN routed_at DROP DEFAULT;
COMMENT ON COLUMN notifications.routed_at IS 'when it was queued for the routes of alerts that take it, UTC; NULL: not yet';

-- Holds what waits, which is little.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX idx_notifications_unrouted ON notifications (created_at) WHERE routed_at IS NULL;

CREATE TABLE alert_channels (
  channel          varchar(50) COLLATE "C" PRIMARY KEY,
  kind             varchar(10) NOT NULL,
  settings         json NOT NULL,
  secret           text NOT NULL DEFAULT '',
  old_secret       text NOT NULL DEFAULT '',
  old_secret_until timestamp NULL,
  enabled          boolean NOT NULL DEFAULT true,
  created_by       text NOT NULL DEFAULT session_user,
  created_at       timestamp NOT NULL DEFAULT now(),
  CONSTRAINT alert_channels_kind_known CHECK (kind::text IN ('email', 'webhook', 'telegram', 'slack')),
  CONSTRAINT alert_channels_secret_envelope CHECK (
    (secret = '' OR starts_with(secret, 'pne1.')) AND (old_secret = '' OR starts_with(old_secret, 'pne1.'))
  )
);
COMMENT ON COLUMN alert_channels.settings IS 'where and how it sends, without secrets';
COMMENT ON COLUMN alert_channels.secret IS 'an envelope: the password, signing secret, token or URL; empty where it needs none';
COMMENT ON COLUMN alert_channels.old_secret IS 'of a webhook, the signing secret before: signs as well until old_secret_until';

CREATE TABLE alert_routes (
  route_id     varchar(50) COLLATE "C" PRIMARY KEY,
  channel      varchar(50) COLLATE "C" NOT NULL REFERENCES alert_channels (channel) ON DELETE CASCADE,
  user_id      varchar(50) COLLATE "C" NULL REFERENCES users (user_id),
  min_level    varchar(10) NOT NULL,
  types        json NOT NULL DEFAULT '[]',
  quiet        varchar(11) NULL,
  group_wait   integer NOT NULL,
  repeat_after integer NOT NULL,
  hourly_limit integer NOT NULL,
  composed_at  timestamp NULL,
  created_by   text NOT NULL DEFAULT session_user,
  created_at   timestamp NOT NULL DEFAULT now(),
  CONSTRAINT alert_routes_terms_valid CHECK (group_wait >= 0 AND repeat_after >= 0 AND hourly_limit > 0)
);
COMMENT ON COLUMN alert_routes.user_id IS 'whose notifications; NULL: those of everybody and of the system';
COMMENT ON COLUMN alert_routes.types IS 'of notifications; empty: all';
COMMENT ON COLUMN alert_routes.quiet IS 'hours of the trading day''s time zone, 22:00-08:00, in which only CRITICAL is sent';
COMMENT ON COLUMN alert_routes.group_wait IS 'seconds that notifications wait for others of their type';
COMMENT ON COLUMN alert_routes.repeat_after IS 'seconds for which the same text is not sent again';
COMMENT ON COLUMN alert_routes.hourly_limit IS 'messages in an hour; CRITICAL ones are counted apart';

CREATE INDEX idx_alert_routes_channel ON alert_routes (channel);
CREATE INDEX idx_alert_routes_user_id ON alert_routes (user_id) WHERE user_id IS NOT NULL;

CREATE TABLE alert_deliveries (
  delivery_id varchar(50) COLLATE "C" PRIMARY KEY,
  route_id    varchar(50) COLLATE "C" NOT NULL REFERENCES alert_routes (route_id) ON DELETE CASCADE,
  channel     varchar(50) COLLATE "C" NOT NULL,
  group_key   text NOT NULL,
  critical    boolean NOT NULL,
  message     json NOT NULL,
  state       varchar(10) NOT NULL DEFAULT 'PENDING',
  attempts    integer NOT NULL DEFAULT 0,
  created_at  timestamp NOT NULL,
  next_at     timestamp NOT NULL,
  give_up_at  timestamp NOT NULL,
  last_error  text NOT NULL DEFAULT '',
  sent_at     timestamp NULL,
  provider_id text NOT NULL DEFAULT '',
  CONSTRAINT alert_deliveries_state_known CHECK (state::text IN ('PENDING', 'SENT', 'DEAD'))
);
COMMENT ON TABLE alert_deliveries IS 'messages; the id is the one that the receiver can tell repetitions by';
COMMENT ON COLUMN alert_deliveries.message IS 'what is sent, as it was composed: every attempt sends the same';
COMMENT ON COLUMN alert_deliveries.next_at IS 'when it is tried next; while an attempt is under way, when it is given up for lost';
COMMENT ON COLUMN alert_deliveries.last_error IS 'of the last attempt, without secrets; empty while one is under way';

CREATE INDEX idx_alert_deliveries_pending ON alert_deliveries (channel, next_at) WHERE state = 'PENDING';
CREATE INDEX idx_alert_deliveries_dead ON alert_deliveries (created_at) WHERE state = 'DEAD';
CREATE INDEX idx_alert_deliveries_route_id ON alert_deliveries (route_id, sent_at);

CREATE TABLE alert_items (
  notification_id varchar(50) COLLATE "C" NOT NULL REFERENCES notifications (notification_id) ON DELETE CASCADE,
  route_id        varchar(50) COLLATE "C" NOT NULL REFERENCES alert_routes (route_id) ON DELETE CASCADE,
  repeat_key      varchar(22) COLLATE "C" NOT NULL,
  routed_at       timestamp NOT NULL,
  delivery_id     varchar(50) COLLATE "C" NULL REFERENCES alert_deliveries (delivery_id) ON DELETE CASCADE,
  PRIMARY KEY (notification_id, route_id)
);
COMMENT ON TABLE alert_items IS 'what a route takes, each notification once';
COMMENT ON COLUMN alert_items.repeat_key IS 'the same for the same text: a hash of type, level, user, title and message';
COMMENT ON COLUMN alert_items.delivery_id IS 'the message it is part of; NULL: it waits for one';

CREATE INDEX idx_alert_items_waiting ON alert_items (route_id, routed_at) WHERE delivery_id IS NULL;
CREATE INDEX idx_alert_items_delivery_id ON alert_items (delivery_id);
CREATE INDEX idx_alert_items_repeat_key ON alert_items (route_id, repeat_key);

-- Who is alerted of what is changed with an audit entry; what was sent is its own record.
CREATE CONSTRAINT TRIGGER alert_channels_audited AFTER INSERT OR UPDATE OR DELETE ON alert_channels
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();
CREATE CONSTRAINT TRIGGER alert_routes_audited AFTER INSERT OR DELETE
  OR UPDATE OF route_id, channel, user_id, min_level, types, quiet, group_wait, repeat_after, hourly_limit ON alert_routes
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- What is new belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  made text;
BEGIN
  IF log_owner <> current_user THEN
    FOREACH made IN ARRAY '{alert_channels, alert_routes, alert_deliveries, alert_items}'::text[] LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO %I', made, log_owner);
    END LOOP;
  END IF;
END
$$;
