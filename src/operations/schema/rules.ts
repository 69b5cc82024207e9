/**
 * A rule of ours beyond what the tables must be: part of the schema in strict mode. In shared mode the database lets other
 * writers break it, and `doctor ledger` finds the rows that do.
 */
export interface StrictRule {
  name: string;
  table: 'positions' | 'risk_rules' | 'trading_sessions';
  /** What it refuses, as a phrase. */
  refuses: string;
  kind: 'check' | 'unique' | 'trigger' | 'not null';
  /** A CHECK without its name; of an index, what follows the table; of NOT NULL, the column. */
  definition: string;
  /** Rows that break it, `id` each. */
  offenders?: string;
}

/** What is kept in the schema must not depend on the operators of `schema compat --text`, which would take the literal for text. */
const IS_OPEN = "status OPERATOR(pg_catalog.=) 'OPEN'";

export const STRICT_RULES: readonly StrictRule[] = [
  {
    name: 'positions_quantity_valid',
    table: 'positions',
    refuses: 'a position of less than 0 shares',
    kind: 'check',
    definition: 'CHECK (quantity >= 0)',
    offenders: 'SELECT position_id AS id FROM positions WHERE quantity < 0',
  },
  {
    name: 'positions_status_agrees',
    table: 'positions',
    refuses: 'a position that is OPEN without shares or with an end, or CLOSED with shares or without one',
    kind: 'check',
    definition: `CHECK ((${IS_OPEN}) = (quantity > 0) AND (${IS_OPEN}) = (closed_at IS NULL))`,
    offenders: `SELECT position_id AS id FROM positions
      WHERE NOT ((status = 'OPEN') = (quantity > 0) AND (status = 'OPEN') = (closed_at IS NULL))`,
  },
  {
    name: 'positions_one_open',
    table: 'positions',
    refuses: 'a second OPEN position of a user in a symbol, strategy and product',
    kind: 'unique',
    definition: `(user_id, symbol, (coalesce(strategy_id, '')), (coalesce(product, ''))) WHERE ${IS_OPEN}`,
    offenders: `SELECT max(position_id) AS id FROM positions WHERE status = 'OPEN'
      GROUP BY user_id, symbol, coalesce(strategy_id, ''), coalesce(product, '') HAVING count(*) > 1`,
  },
  {
    name: 'risk_rules_one_per_type',
    table: 'risk_rules',
    refuses: 'a second rule of a type for a user',
    kind: 'unique',
    definition: '(user_id, rule_type)',
    offenders: 'SELECT max(rule_id) AS id FROM risk_rules GROUP BY user_id, rule_type HAVING count(*) > 1',
  },
  {
    name: 'risk_rules_of_a_user',
    table: 'risk_rules',
    refuses: 'a rule of no user',
    kind: 'not null',
    definition: 'user_id',
    offenders: 'SELECT rule_id AS id FROM risk_rules WHERE user_id IS NULL',
  },
  {
    name: 'trading_sessions_one_active',
    table: 'trading_sessions',
    refuses: 'a second ACTIVE session of a user',
    kind: 'unique',
    definition: "(user_id) WHERE status OPERATOR(pg_catalog.=) 'ACTIVE'",
    offenders: `SELECT max(session_id) AS id FROM trading_sessions WHERE status = 'ACTIVE'
      GROUP BY user_id HAVING count(*) > 1`,
  },
  {
    name: 'risk_rules_audited',
    table: 'risk_rules',
    refuses: 'a change of a limit without its audit entry',
    kind: 'trigger',
    definition: '',
  },
];

/** The tables whose foreign writes a trigger records. */
const RECORDED = [
  ...['users', 'orders', 'strategies', 'user_strategies', 'positions', 'notifications'],
  ...['trading_sessions', 'risk_rules'],
];

/** What a database is set to beyond the scripts of its steps. */
export interface SchemaSettings {
  /** `strict`: the rules are part of the schema. `shared`: other services may write what the tables allow. */
  mode: 'strict' | 'shared';
  /** Whether triggers record what other programs write. */
  record: boolean;
  /** Whether the database itself refuses entries of other programs while trading is halted or the user is disabled. */
  hold: boolean;
}

/** What the scripts alone make. */
export const AS_SCRIPTED: SchemaSettings = { mode: 'strict', record: false, hold: false };

/** What a schema is at first that others write, too. */
export const SHARED: SchemaSettings = { mode: 'shared', record: true, hold: false };

const set = (table: string, trigger: string, on: boolean) =>
  `ALTER TABLE ${table} ${on ? 'ENABLE' : 'DISABLE'} TRIGGER ${trigger}`;

/** The statement that switches the triggers which record foreign writes, and that which holds entries. */
export const switchTriggers = ({ record, hold }: Pick<SchemaSettings, 'record' | 'hold'>): string[] => [
  ...RECORDED.map((table) => set(table, `${table}_foreign`, record)),
  set('orders', 'orders_held', hold),
];

/** The statements that make an index for a rule: unique in strict mode, under a name of its own until it replaces the other. */
export function makeIndex(
  { name, table, definition }: StrictRule,
  mode: SchemaSettings['mode'],
  { concurrently }: { concurrently: boolean },
): { drop: string; make: string; replace: string[] } {
  const aside = concurrently ? ' CONCURRENTLY' : '';
  return {
    // Of a run that was interrupted.
    drop: `DROP INDEX${aside} IF EXISTS ${name}_next`,
    make: `CREATE ${mode === 'strict' ? 'UNIQUE ' : ''}INDEX${aside} ${name}_next ON ${table} ${definition}`,
    replace: [`DROP INDEX ${name}`, `ALTER INDEX ${name}_next RENAME TO ${name}`],
  };
}

/** The statements that set or lift a rule that is no index. A check that is set holds for new rows at once. */
export function switchRule(rule: StrictRule, mode: SchemaSettings['mode']): string[] {
  const { name, table, kind, definition } = rule;
  if (kind === 'trigger') return [set(table, name, mode === 'strict')];
  if (kind === 'not null')
    return [`ALTER TABLE ${table} ALTER COLUMN ${definition} ${mode === 'strict' ? 'SET' : 'DROP'} NOT NULL`];
  if (mode === 'shared') return [`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`];
  return [`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition} NOT VALID`];
}

/** Everything that turns a schema as scripted into one with these settings, for a database that nobody else uses. */
export function statementsOf(settings: SchemaSettings): string[] {
  const lifted = settings.mode === 'shared' ? STRICT_RULES : [];
  const statements = lifted.flatMap((rule) => {
    if (rule.kind !== 'unique') return switchRule(rule, 'shared');
    const { make, replace } = makeIndex(rule, 'shared', { concurrently: false });
    return [make, ...replace];
  });
  const isScripted = !settings.record && !settings.hold;
  return isScripted ? statements : [...statements, ...switchTriggers(settings)];
}
