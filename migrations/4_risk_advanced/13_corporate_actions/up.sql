-- Splits, bonuses, dividends and the like: what a company does, and what it made of each position. A position is the sum of its
-- fills and of these.

CREATE TABLE corporate_actions (
  action_id    varchar(50) COLLATE "C" PRIMARY KEY,
  type         varchar(20) NOT NULL,
  symbol       varchar(50) COLLATE "C" NOT NULL,
  new_symbol   varchar(50) COLLATE "C" NULL,
  ex_date      date NOT NULL,
  numerator    integer NULL,
  denominator  integer NULL,
  amount       numeric(15, 4) NULL,
  cash_price   numeric(15, 4) NULL,
  cost_percent numeric(9, 6) NULL,
  tds_percent  numeric(9, 6) NULL,
  tds_above    numeric(15, 2) NULL,
  source       text NOT NULL DEFAULT '',
  status       varchar(10) NOT NULL DEFAULT 'DRAFT',
  applied_with varchar(50) COLLATE "C" NULL,
  added_by     text NOT NULL DEFAULT session_user,
  created_at   timestamp NOT NULL DEFAULT clock_timestamp(),
  applied_at   timestamp NULL,
  reversed_at  timestamp NULL,
  reason       text NOT NULL DEFAULT '',
  CONSTRAINT corporate_actions_type_known CHECK (
    type::text IN ('split', 'bonus', 'dividend', 'rights', 'demerger', 'merger', 'rename')
  ),
  CONSTRAINT corporate_actions_status_known CHECK (status::text IN ('DRAFT', 'APPLIED', 'REVERSED')),
  CONSTRAINT corporate_actions_ratio_valid CHECK (
    (numerator IS NULL) = (type::text IN ('dividend', 'rename'))
      AND (numerator IS NULL) = (denominator IS NULL) AND numerator > 0 AND denominator > 0
  ),
  CONSTRAINT corporate_actions_amounts_valid CHECK (
    amount > 0 AND amount <> 'NaN' AND cash_price > 0 AND cash_price <> 'NaN' AND cost_percent > 0 AND cost_percent < 100
      AND tds_percent > 0 AND tds_percent <= 100 AND tds_above >= 0
  )
);
COMMENT ON COLUMN corporate_actions.ex_date IS 'the first trading day without the right';
COMMENT ON COLUMN corporate_actions.numerator IS 'new shares for denominator held ones; of a bonus those that are added';
COMMENT ON COLUMN corporate_actions.amount IS 'rupees a share: of a dividend what is paid, of rights what is asked';
COMMENT ON COLUMN corporate_actions.cash_price IS 'rupees for a whole new share, by which fractions are paid; NULL until it is known';
COMMENT ON COLUMN corporate_actions.cost_percent IS 'how much of the cost goes to what is demerged';
COMMENT ON COLUMN corporate_actions.applied_with IS 'the action under which the effects are: several of one ex-date are one step';

-- One action of a kind, symbol and day that counts.
CREATE UNIQUE INDEX corporate_actions_once ON corporate_actions (symbol, type, ex_date, coalesce(new_symbol, ''))
  WHERE status <> 'REVERSED';

CREATE TABLE corporate_action_effects (
  action_id         varchar(50) COLLATE "C" NOT NULL,
  user_id           varchar(50) COLLATE "C" NOT NULL REFERENCES users (user_id),
  position_id       varchar(50) COLLATE "C" NOT NULL,
  seq               double precision NOT NULL,
  effective_at      timestamp NOT NULL,
  shares_before     integer NOT NULL,
  shares            integer NOT NULL DEFAULT 0,
  cost              numeric(20, 2) NOT NULL DEFAULT 0,
  price             double precision NOT NULL DEFAULT 0,
  numerator         bigint NULL,
  denominator       bigint NULL,
  fraction          bigint NULL,
  entitled          integer NULL,
  cash              numeric(15, 2) NULL,
  tds               numeric(15, 2) NOT NULL DEFAULT 0,
  opened            boolean NOT NULL DEFAULT false,
  average_before    double precision NOT NULL DEFAULT 0,
  price_before      double precision NOT NULL DEFAULT 0,
  unrealized_before double precision NOT NULL DEFAULT 0,
  marked_before     timestamp NULL,
  applied_by        text NOT NULL DEFAULT session_user,
  applied_at        timestamp NOT NULL DEFAULT clock_timestamp(),
  reversed_at       timestamp NULL,
  PRIMARY KEY (action_id, position_id, user_id)
);
COMMENT ON TABLE corporate_action_effects IS 'what a corporate action made of a position; those that are reversed do not count';
COMMENT ON COLUMN corporate_action_effects.seq IS 'its place in the order of booking, between the seq of order_fills';
COMMENT ON COLUMN corporate_action_effects.effective_at IS 'when the ex-date begins, UTC';
COMMENT ON COLUMN corporate_action_effects.shares_before IS 'signed shares that it counts';
COMMENT ON COLUMN corporate_action_effects.shares IS 'by how much the signed shares of the position change';
COMMENT ON COLUMN corporate_action_effects.cost IS 'rupees, by which the cost of the position changes';
COMMENT ON COLUMN corporate_action_effects.numerator IS 'new shares for denominator counted ones, of all actions of the step';
COMMENT ON COLUMN corporate_action_effects.fraction IS 'what was cut, as so many of denominator parts of a share; 0: nothing';
COMMENT ON COLUMN corporate_action_effects.entitled IS 'of rights: shares that may be subscribed';
COMMENT ON COLUMN corporate_action_effects.cash IS 'rupees booked as a flow under action_id/position_id; NULL: none, or not known yet';
COMMENT ON COLUMN corporate_action_effects.opened IS 'it opened the position';

-- Positions with their actions, for replays; and the latest place.
CREATE INDEX idx_corporate_action_effects_position_id ON corporate_action_effects (position_id);
CREATE INDEX idx_corporate_action_effects_seq ON corporate_action_effects (seq);

CREATE CONSTRAINT TRIGGER corporate_actions_audited AFTER INSERT OR UPDATE OR DELETE ON corporate_actions
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();
CREATE CONSTRAINT TRIGGER corporate_action_effects_audited AFTER INSERT OR UPDATE OR DELETE ON corporate_action_effects
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audited_change();

-- What is new belongs to whom the audit log belongs, also where another login rolls out.
DO $$
DECLARE
  log_owner constant name := (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'audit_log'::regclass);
  made text;
BEGIN
  IF log_owner <> current_user THEN
    FOREACH made IN ARRAY '{corporate_actions, corporate_action_effects}'::text[] LOOP
      EXECUTE format('ALTER TABLE %I OWNER TO %I', made, log_owner);
    END LOOP;
  END IF;
END
$$;
