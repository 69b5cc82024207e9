-- The paper broker: orders and executions without money. The book learns of them as it does of those of any broker.
CREATE TABLE paper_orders (
  user_id         varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  broker_order_id varchar(50) COLLATE "C" NOT NULL,
  tag             varchar(20) COLLATE "C" NOT NULL,
  symbol          varchar(50) NOT NULL,
  exchange        varchar(10) NOT NULL,
  side            varchar(4) NOT NULL,
  order_type      varchar(10) NOT NULL,
  product         varchar(4) NOT NULL,
  quantity        integer NOT NULL,
  price           double precision NOT NULL,
  trigger_price   double precision NULL,
  triggered       boolean NOT NULL DEFAULT false,
  status          varchar(20) NOT NULL DEFAULT 'PLACED',
  filled_quantity integer NOT NULL DEFAULT 0,
  filled_price    double precision NOT NULL DEFAULT 0,
  text            text NOT NULL DEFAULT '',
  placed_at       timestamp NOT NULL DEFAULT clock_timestamp(),
  accepted_at     timestamp NOT NULL DEFAULT clock_timestamp(),
  quoted_at       timestamp NULL,
  updated_at      timestamp NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (user_id, broker_order_id),
  CONSTRAINT paper_orders_side_known CHECK (side IN ('BUY', 'SELL')),
  CONSTRAINT paper_orders_type_known CHECK (order_type IN ('MARKET', 'LIMIT', 'STOP_LOSS')),
  CONSTRAINT paper_orders_product_known CHECK (product IN ('CNC', 'MIS', 'NRML', 'MTF')),
  CONSTRAINT paper_orders_status_known CHECK (status IN ('PLACED', 'PARTIALLY_FILLED', 'FILLED', 'CANCELLED')),
  CONSTRAINT paper_orders_filled_within CHECK (filled_quantity BETWEEN 0 AND quantity)
);
COMMENT ON COLUMN paper_orders.accepted_at IS 'since when it has its present terms: an older quote does not fill it';
COMMENT ON COLUMN paper_orders.quoted_at IS 'the time of the last quote that it was matched with: no quote is matched twice';

-- A tag is given to one order of a trader.
CREATE UNIQUE INDEX paper_orders_tag ON paper_orders (user_id, tag);
CREATE INDEX idx_paper_orders_placed ON paper_orders (user_id, placed_at);
-- What quotes are matched with.
-- Two comparisons, not IN: what PostgreSQL makes of a list of varchar reads otherwise once it was restored.
CREATE INDEX idx_paper_orders_working ON paper_orders (symbol) WHERE status = 'PLACED' OR status = 'PARTIALLY_FILLED';

CREATE TABLE paper_trades (
  user_id         varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  broker_fill_id  varchar(60) COLLATE "C" NOT NULL,
  broker_order_id varchar(50) COLLATE "C" NOT NULL,
  quantity        integer NOT NULL,
  price           double precision NOT NULL,
  executed_at     timestamp NOT NULL,
  PRIMARY KEY (user_id, broker_fill_id),
  FOREIGN KEY (user_id, broker_order_id) REFERENCES paper_orders (user_id, broker_order_id),
  CONSTRAINT paper_trades_lot_positive CHECK (quantity > 0 AND price > 0)
);
CREATE INDEX idx_paper_trades_user ON paper_trades (user_id, executed_at);
CREATE INDEX idx_paper_trades_order ON paper_trades (user_id, broker_order_id);

DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  created text;
BEGIN
  IF log_owner <> current_user THEN
    FOREACH created IN ARRAY '{paper_orders,paper_trades}'::text[] LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO %I', created, log_owner);
    END LOOP;
  END IF;
END
$$;
