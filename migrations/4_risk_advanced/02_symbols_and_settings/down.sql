-- Fails on a symbol of more than 20 characters, or a halt that Redis lacks, instead of cutting or dropping it.

DROP TABLE pinnacle_settings;

ALTER TABLE realtime_outbox
  DROP CONSTRAINT realtime_outbox_kind_known,
  ADD CONSTRAINT realtime_outbox_kind_known CHECK (kind IN ('order', 'notification', 'read', 'logout', 'revoke'));

ALTER TABLE positions ALTER symbol TYPE varchar(20);
ALTER TABLE orders ALTER symbol TYPE varchar(20);
