-- Phase 2: which strategies a user runs, positions, and the executions they are made of.

CREATE TYPE strategy_status AS ENUM ('ACTIVE', 'PAUSED', 'STOPPED');
CREATE TYPE position_side AS ENUM ('LONG', 'SHORT');
CREATE TYPE position_status AS ENUM ('OPEN', 'CLOSED');

CREATE TABLE user_strategies (
  user_id           varchar(50) COLLATE "C" REFERENCES users (user_id),
  strategy_id       varchar(50) COLLATE "C" REFERENCES strategies (strategy_id),
  status            strategy_status DEFAULT 'ACTIVE',
  activated_at      timestamp DEFAULT now(),
  deactivated_at    timestamp NULL,
  allocation_amount double precision DEFAULT 0.0,
  custom_parameters json DEFAULT '{}',
  total_orders      integer DEFAULT 0,
  successful_orders integer DEFAULT 0,
  total_pnl         double precision DEFAULT 0.0,
  created_at        timestamp DEFAULT now(),
  updated_at        timestamp DEFAULT now(),
  PRIMARY KEY (user_id, strategy_id),
  CONSTRAINT user_strategies_no_nulls CHECK (
    num_nulls(
      status, activated_at, allocation_amount, custom_parameters, total_orders, successful_orders, total_pnl,
      created_at, updated_at
    ) = 0
  ),
  CONSTRAINT user_strategies_allocation_valid CHECK (allocation_amount >= 0 AND allocation_amount < 'Infinity'),
  CONSTRAINT user_strategies_total_pnl_finite CHECK (abs(total_pnl) < 'Infinity')
);

CREATE INDEX idx_user_strategies_user_id ON user_strategies (user_id);
CREATE INDEX idx_user_strategies_status ON user_strategies (status);

CREATE TABLE positions (
  position_id    varchar(50) COLLATE "C" PRIMARY KEY,
  user_id        varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  symbol         varchar(20) NOT NULL,
  side           position_side NOT NULL,
  quantity       integer NOT NULL,
  average_price  double precision NOT NULL,
  current_price  double precision NOT NULL,
  unrealized_pnl double precision DEFAULT 0.0,
  realized_pnl   double precision DEFAULT 0.0,
  strategy_id    varchar(50) COLLATE "C" NULL,
  order_id       varchar(50) COLLATE "C" REFERENCES orders (order_id),
  status         position_status DEFAULT 'OPEN',
  opened_at      timestamp DEFAULT now(),
  closed_at      timestamp NULL,
  created_at     timestamp DEFAULT now(),
  updated_at     timestamp DEFAULT now(),
  marked_at      timestamp NULL,
  CONSTRAINT positions_no_nulls CHECK (
    num_nulls(unrealized_pnl, realized_pnl, status, opened_at, created_at, updated_at) = 0
  ),
  CONSTRAINT positions_quantity_valid CHECK (quantity >= 0),
  CONSTRAINT positions_status_agrees CHECK (
    (status = 'OPEN') = (quantity > 0) AND (status = 'OPEN') = (closed_at IS NULL)
  ),
  CONSTRAINT positions_prices_valid CHECK (
    average_price >= 0 AND average_price < 'Infinity' AND current_price >= 0 AND current_price < 'Infinity'
  ),
  CONSTRAINT positions_pnl_finite CHECK (abs(unrealized_pnl) < 'Infinity' AND abs(realized_pnl) < 'Infinity')
);

COMMENT ON COLUMN positions.marked_at IS 'the time of the quote that current_price is from; NULL where it is the price of a fill, or was set by hand';

CREATE INDEX idx_positions_user_id ON positions (user_id);
CREATE INDEX idx_positions_symbol ON positions (symbol);
CREATE INDEX idx_positions_status ON positions (status);

-- One row an execution. The broker may report one twice: UNIQUE (order_id, broker_fill_id) makes booking repeatable.
CREATE TABLE order_fills (
  seq            bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
  fill_id        varchar(50) COLLATE "C" PRIMARY KEY,
  order_id       varchar(50) COLLATE "C" NOT NULL REFERENCES orders (order_id),
  broker_fill_id varchar(100) NOT NULL,
  quantity       integer NOT NULL,
  price          double precision NOT NULL,
  executed_at    timestamp NOT NULL,
  overfill       boolean NOT NULL DEFAULT false,
  position_id    varchar(50) COLLATE "C" NOT NULL REFERENCES positions (position_id),
  flipped_to     varchar(50) COLLATE "C" NULL REFERENCES positions (position_id),
  realized_pnl   numeric(15, 2) NOT NULL DEFAULT 0,
  created_at     timestamp NOT NULL DEFAULT now(),
  UNIQUE (order_id, broker_fill_id),
  CONSTRAINT order_fills_quantity_positive CHECK (quantity > 0),
  CONSTRAINT order_fills_price_valid CHECK (price > 0 AND price < 'Infinity'),
  CONSTRAINT order_fills_realized_pnl_finite CHECK (realized_pnl <> 'NaN')
);
COMMENT ON COLUMN order_fills.seq IS 'order of booking, which can differ from executed_at: replaying the ledger follows it';
COMMENT ON COLUMN order_fills.overfill IS 'true when this fill took the order beyond its quantity, and was accepted';
COMMENT ON COLUMN order_fills.flipped_to IS 'the position opened with what remained after this fill closed position_id';
COMMENT ON COLUMN order_fills.realized_pnl IS 'rupees credited to users.total_capital by this fill, exact to the paisa';

-- An import looks up which of its broker fill ids are already booked.
CREATE INDEX idx_order_fills_broker_fill_id ON order_fills (broker_fill_id);
-- The executions of one position.
CREATE INDEX idx_order_fills_position_id ON order_fills (position_id);
