import {
  ALERT_LEVELS,
  ORDER_STATUSES,
  POSITION_SIDES,
  RULE_TYPES,
  WORKING_STATUSES,
} from '../../domain/enums.ts';

/** A value of a metric; `name` lacks the prefix of the program. */
export interface Sample {
  name: FamilyName;
  /** Of a histogram, what the name ends with. */
  part?: 'bucket' | 'sum' | 'count';
  labels: Readonly<Record<string, string>>;
  value: number;
}

interface Family {
  help: string;
  /** A gauge if omitted. */
  type?: 'histogram';
  /** The names of its labels. */
  labels?: readonly string[];
  /** The values of its one label that are there whenever the book is read, also where nothing has them: 0 then. */
  always?: readonly string[];
}

const PREFIX = 'pinnacle_';

/** The whole name of a sample. */
export const nameOf = ({ name, part }: Pick<Sample, 'name' | 'part'>) =>
  PREFIX + name + (part === undefined ? '' : `_${part}`);

/** The names of the P&L that is told apart. */
const PNL_KINDS = ['realized', 'charges', 'net', 'unrealized'] as const;

/**
 * Every metric, in the order in which they are printed: all are in base units, gauges but for one histogram, and none has the name or id of a trader but
 * those that begin with `user_`. A day is the trading day of the database.
 */
export const FAMILIES = {
  build_info: { help: 'Always 1; the version is a label', labels: ['version'] },
  scrape_success: { help: 'Whether everything could be read: 1, or 0 if the database did not answer' },
  scrape_duration_seconds: { help: 'What reading took' },
  scrape_timestamp_seconds: { help: 'When reading began, by the clock of this machine' },
  schema_phase: { help: 'The last phase of the schema that is rolled out' },
  schema_steps_pending: { help: 'Steps of the schema that this version knows and the database lacks' },
  database_connections: { help: 'Connections in use on the server' },
  database_connections_limit: { help: 'Connections that ordinary roles may use together' },
  traders: { help: 'Enabled traders' },
  sessions_active: { help: 'Trading sessions that run' },
  orders_today: { help: 'Orders placed today, by status', labels: ['status'], always: ORDER_STATUSES },
  orders_working: {
    help: 'Orders that are neither filled nor ended, whenever they were placed',
    labels: ['status'],
    always: WORKING_STATUSES,
  },
  orders_oldest_working_seconds: { help: 'Age of the oldest of these; 0 if there is none' },
  fills_today: { help: 'Executions today' },
  turnover_today_rupees: { help: 'Value of the executions today' },
  positions_open: { help: 'Open positions', labels: ['side'], always: POSITION_SIDES },
  positions_gross_rupees: { help: 'Value of the open positions, long and short added up' },
  positions_stale_marks: {
    help: 'Open positions whose price is older than market.staleAfter, or was never set',
  },
  pnl_today_rupees: {
    help: 'P&L of today: realized by executions, charges (below 0) and their sum, net; unrealized is that of all open positions',
    labels: ['kind'],
    always: PNL_KINDS,
  },
  drawdown_worst_ratio: { help: 'The deepest drawdown of a running session, 1 being all of its peak' },
  risk_violations: { help: 'Rules that are violated, as last checked', labels: ['rule'], always: RULE_TYPES },
  risk_use_worst_ratio: {
    help: 'The largest use of a limit, 1 being all of it, as last checked; of MIN_CAPITAL_THRESHOLD the limit per capital',
    labels: ['rule'],
  },
  halts_active: {
    help: 'Halts in force, of all trading or of one user',
    labels: ['scope'],
    always: ['all', 'user'],
  },
  notifications_unread: {
    help: 'Unread notifications; those below CRITICAL of the 10,000 newest',
    labels: ['level'],
    always: ALERT_LEVELS,
  },
  outbox_rows: { help: 'Committed changes that are not in Redis yet' },
  outbox_oldest_seconds: { help: 'Age of the oldest of these; 0 if there is none' },
  audit_unsealed_rows: { help: 'Audit entries without a seal' },
  audit_unsealed_oldest_seconds: { help: 'Age of the oldest of these; 0 if there is none' },
  commands_recent: { help: 'Audit entries of the last five minutes, by command', labels: ['command'] },
  command_duration_seconds: {
    help: 'How long changes took from the beginning of their command to their audit entry, by command and outcome (done or denied)',
    type: 'histogram',
    labels: ['command', 'outcome'],
  },
  broker_calls_unresolved: { help: 'Calls of the broker of which nobody knows yet what became of them' },
  broker_token_expiry_timestamp_seconds: {
    help: 'When the first of the tokens at the broker ends that have not ended',
  },
  broker_sync_problems: { help: 'Traders whose last synchronisation with the broker failed' },
  backup_last_success_timestamp_seconds: { help: 'When the newest backup without a known problem was made' },
  backup_size_bytes: { help: 'Its size' },
  backup_verified_timestamp_seconds: { help: 'When it was verified' },
  replica_up: { help: 'Whether a replica answers and is one of this primary', labels: ['replica'] },
  replica_lag_seconds: { help: 'How far it is behind', labels: ['replica'] },
  user_pnl_today_rupees: { help: 'Net P&L of a trader today', labels: ['user'] },
  user_drawdown_ratio: {
    help: 'The deepest drawdown of his sessions today, 1 being all of the peak',
    labels: ['user'],
  },
  user_orders_today: { help: 'Orders of a trader today', labels: ['user'] },
  user_halted: { help: 'Whether trading of a trader is halted', labels: ['user'] },
  users_left_out: { help: 'Traders with something today who have no series of their own' },
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof FAMILIES;

/** The family of a name. */
export const familyOf = (name: FamilyName): Family => FAMILIES[name];

/** The families that begin with this name and those after it in `samples`, each value that is always there added as 0. */
export function withZeroes(samples: readonly Sample[], names: readonly FamilyName[]): Sample[] {
  const given = new Set(samples.map(({ name, labels }) => `${name} ${Object.values(labels)}`));
  const zeroes = names.flatMap((name) => {
    const { labels = [], always = [] } = familyOf(name);
    const [label = ''] = labels;
    return always
      .filter((each) => !given.has(`${name} ${each}`))
      .map((each) => ({ name, labels: { [label]: each }, value: 0 }));
  });
  return [...samples, ...zeroes];
}
