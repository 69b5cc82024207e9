-- Symbols of derivatives, halts in Redis, and settings that every program on this database must agree on.

-- NIFTY2613023500CE has 17 characters, and the symbols of other exchanges and of spreads have more than 20. A wider varchar
-- rewrites no table. Indexes on the bare column stay; the two below are partial, which PostgreSQL builds anew, with one
-- scan of their table while writers wait.
-- squawk-ignore changing-column-type
ALTER TABLE orders ALTER symbol TYPE varchar(50);
-- squawk-ignore changing-column-type
ALTER TABLE positions ALTER symbol TYPE varchar(50);

-- The rows are few, as the outbox holds what Redis lacks: checking them takes no time.
ALTER TABLE realtime_outbox
  DROP CONSTRAINT realtime_outbox_kind_known,
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT realtime_outbox_kind_known
    CHECK (kind IN ('order', 'notification', 'read', 'logout', 'revoke', 'halt'));

-- What belongs to the book and not to a machine: trading_time_zone, by which a trading day begins.
CREATE TABLE pinnacle_settings (
  name  text PRIMARY KEY,
  value text NOT NULL,
  CONSTRAINT pinnacle_settings_form CHECK (name ~ '^[a-z][a-z_]{0,49}$' AND length(value) BETWEEN 1 AND 200)
);
