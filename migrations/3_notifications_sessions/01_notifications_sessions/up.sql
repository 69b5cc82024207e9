-- Phase 3: notifications and trading sessions.

CREATE TYPE notification_type AS ENUM (
  'ORDER_FILLED', 'ORDER_REJECTED', 'SERVICE_DOWN', 'SERVICE_RESTORED', 'SYSTEM_ERROR', 'STRATEGY_SIGNAL', 'RISK_ALERT'
);
CREATE TYPE alert_level AS ENUM ('INFO', 'WARNING', 'ERROR', 'CRITICAL');
CREATE TYPE session_status AS ENUM ('ACTIVE', 'COMPLETED');

CREATE TABLE notifications (
  notification_id   varchar(50) COLLATE "C" PRIMARY KEY,
  -- NULL is a system-wide notification.
  user_id           varchar(50) COLLATE "C" NULL REFERENCES users (user_id),
  notification_type notification_type NOT NULL,
  alert_level       alert_level DEFAULT 'INFO',
  title             varchar(200) NOT NULL,
  message           text NOT NULL,
  data              json DEFAULT '{}',
  read_at           timestamp NULL,
  created_at        timestamp DEFAULT now(),
  CONSTRAINT notifications_no_nulls CHECK (num_nulls(alert_level, data, created_at) = 0)
);

CREATE INDEX idx_notifications_user_id ON notifications (user_id);
CREATE INDEX idx_notifications_created_at ON notifications (created_at);

CREATE TABLE trading_sessions (
  session_id        varchar(50) COLLATE "C" PRIMARY KEY,
  user_id           varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  start_time        timestamp DEFAULT now(),
  end_time          timestamp NULL,
  total_orders      integer DEFAULT 0,
  successful_orders integer DEFAULT 0,
  total_pnl         double precision DEFAULT 0.0,
  max_drawdown      double precision DEFAULT 0.0,
  capital_at_start  double precision NOT NULL,
  capital_at_end    double precision NULL,
  status            session_status DEFAULT 'ACTIVE',
  created_at        timestamp DEFAULT now(),
  updated_at        timestamp DEFAULT now(),
  peak_equity       double precision NULL,
  CONSTRAINT trading_sessions_no_nulls CHECK (
    num_nulls(
      start_time, total_orders, successful_orders, total_pnl, max_drawdown, status, created_at, updated_at
    ) = 0
  ),
  CONSTRAINT trading_sessions_finite CHECK (
    abs(total_pnl) < 'Infinity' AND abs(max_drawdown) < 'Infinity' AND abs(capital_at_start) < 'Infinity'
    AND abs(capital_at_end) < 'Infinity' AND abs(peak_equity) < 'Infinity'
  )
);
COMMENT ON COLUMN trading_sessions.peak_equity IS
  'highest equity seen in the session; NULL means capital_at_start. max_drawdown cannot be kept up to date without it';

CREATE INDEX idx_trading_sessions_user_id ON trading_sessions (user_id);
CREATE INDEX idx_trading_sessions_status ON trading_sessions (status);

-- The session a fill was booked in. No foreign key: sessions are purged after a year, fills are kept.
ALTER TABLE order_fills ADD COLUMN session_id varchar(50) COLLATE "C" NULL;
COMMENT ON COLUMN order_fills.session_id IS
  'the running session whose total_pnl and successful_orders this fill counts towards; NULL where none was running';
