-- Channels and routes are gone, and with them what waits to be sent; notifications stay.
DROP TABLE alert_items;
DROP TABLE alert_deliveries;
DROP TABLE alert_routes;
DROP TABLE alert_channels;
ALTER TABLE notifications DROP COLUMN routed_at;
