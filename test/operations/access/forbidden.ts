/** Logins that statements are tried as: members of one role, and one that may connect and nothing else. */
export const LOGINS = ['operator', 'cron', 'readonly', 'auditor', 'nobody'] as const;
export type Login = (typeof LOGINS)[number];

/** Something that nobody of these may do, and the statements that try it, in one transaction. */
export interface Forbidden {
  object: string;
  what: string;
  to: readonly Login[];
  sql: string;
}

const ALL = LOGINS;
const NOT_OPERATOR = LOGINS.filter((login) => login !== 'operator');
const READERS = ['readonly', 'auditor', 'nobody'] as const;
const entry = (command: string, target: string, body: string) =>
  `INSERT INTO audit_log (command, target, body) VALUES ('${command}', ${target}, ${body})`;
const LIFT = `UPDATE trading_halts SET resumed_by = session_user, resumed_reason = 'r', resumed_at = now()`;
const RESUMED = entry('risk resume', "'user u2'", `'{"halt":{"halt_id":"h1"}}'`);
const SIGNATURE = `repeat('A', 86) || '=='`;

const group = (object: string, ...rows: readonly [what: string, to: readonly Login[], sql: string][]) =>
  rows.map(([what, to, sql]): Forbidden => ({ object, what, to, sql }));

/** What `docs/security.md` says that nobody may, as statements that try to stain, to stop or to forge. */
export const FORBIDDEN: readonly Forbidden[] = [
  ...group(
    'audit log',
    ['change an entry', ALL, "UPDATE audit_log SET body = '{}'"],
    ['delete an entry', ALL, 'DELETE FROM audit_log'],
    ['empty it', ALL, 'TRUNCATE audit_log'],
    [
      'say who',
      ALL,
      "INSERT INTO audit_log (actor, command, target, body) VALUES ('x', 'order place', 'order x', '{}')",
    ],
    [
      'say when',
      ALL,
      "INSERT INTO audit_log (at, command, target, body) VALUES (now(), 'order place', 'order x', '{}')",
    ],
    [
      'say in which transaction',
      ALL,
      "INSERT INTO audit_log (txid, command, target, body) VALUES ('9', 'order place', 'order x', '{}')",
    ],
    [
      'number an entry',
      ALL,
      "INSERT INTO audit_log (id, command, target, body) OVERRIDING SYSTEM VALUE VALUES (9, 'order place', 'order x', '{}')",
    ],
    ['set its counter', ALL, "SELECT setval('audit_log_id_seq', 1)"],
    ['write a body that is no JSON', ALL, entry('order place', "'order x'", "'no JSON'")],
    ['write a body that is no object', ALL, entry('order place', "'order x'", "'[1]'")],
    ['write a body with a NUL', ALL, entry('order place', "'order x'", `'{"a":"\\u0000"}'`)],
    ['write a number beyond all others', ALL, entry('order place', "'order x'", `'{"a":1e9999999}'`)],
    [
      'write a body of 2 MB',
      ALL,
      entry('order place', "'order x'", `'{"a":"' || repeat('x', 2000000) || '"}'`),
    ],
    ['write what is no command', ALL, entry('Risk; resume', "'user u2'", "'{}'")],
    ['write a long command', ALL, entry('a'.repeat(61), "'user u2'", "'{}'")],
    ['write no target', ALL, entry('order place', "''", "'{}'")],
    ['write a target of two lines', ALL, entry('order place', String.raw`E'order x\ny'`, "'{}'")],
    ['write a long target', ALL, entry('order place', "repeat('x', 501)", "'{}'")],
    ['lock it', ALL, 'LOCK TABLE audit_log IN SHARE MODE'],
    ['disable its triggers', ALL, 'ALTER TABLE audit_log DISABLE TRIGGER ALL'],
    ['disable all triggers', ALL, 'SET LOCAL session_replication_role = replica'],
    ['read it', ['cron', 'readonly', 'nobody'], 'SELECT body FROM audit_log'],
  ),
  ...group(
    'seals and checkpoints',
    ['write a seal', ALL, "INSERT INTO audit_seals VALUES (9, 9, '9', '', '')"],
    ['change a seal', ALL, "UPDATE audit_seals SET hash = ''"],
    ['delete a seal', ALL, 'DELETE FROM audit_seals'],
    ['empty the seals', ALL, 'TRUNCATE audit_seals'],
    ['lock the seals', ALL, 'LOCK TABLE audit_seals IN SHARE MODE'],
    ['hold the lock of sealing', ALL, 'LOCK TABLE audit_sealing IN ACCESS SHARE MODE'],
    ['seal', READERS, 'SELECT audit_seal(1, false)'],
    [
      'write a checkpoint of the largest number',
      ALL,
      `INSERT INTO audit_checkpoints VALUES (9223372036854775807, '{"seq":"9223372036854775807"}', repeat('a', 16), ${SIGNATURE})`,
    ],
    [
      'write a checkpoint of another hash',
      ALL,
      `INSERT INTO audit_checkpoints SELECT seq, replace(body, '"hash":"', '"hash":"0'), key_id, ${SIGNATURE} FROM audit_checkpoints`,
    ],
    [
      'write a checkpoint that is no JSON',
      ALL,
      `INSERT INTO audit_checkpoints SELECT seq, 'x', key_id, ${SIGNATURE} FROM audit_checkpoints`,
    ],
    [
      'write what is no signature',
      ALL,
      "INSERT INTO audit_checkpoints SELECT seq, body, key_id, 'x' FROM audit_checkpoints",
    ],
    ['change a checkpoint', ALL, 'UPDATE audit_checkpoints SET signature = body'],
    ['delete a checkpoint', ALL, 'DELETE FROM audit_checkpoints'],
    ['empty the checkpoints', ALL, 'TRUNCATE audit_checkpoints'],
    ['lock the checkpoints', ALL, 'LOCK TABLE audit_checkpoints IN SHARE MODE'],
  ),
  ...group(
    'halts',
    ['lift one without an audit entry', ALL, LIFT],
    ['lift one with an entry of another', ALL, `${RESUMED.replace('h1', 'h2')}; ${LIFT}`],
    [
      'lift one with an entry of another command',
      ALL,
      `${RESUMED.replace('risk resume', 'user login')}; ${LIFT}`,
    ],
    ['lift one in the name of another', ALL, `${RESUMED}; ${LIFT.replace('session_user', "'somebody'")}`],
    ['rewrite its reason', ALL, `${RESUMED}; UPDATE trading_halts SET reason = 'another'`],
    ['rewrite when it was set', ALL, `${RESUMED}; UPDATE trading_halts SET halted_at = now()`],
    ['delete one', ALL, `${RESUMED}; DELETE FROM trading_halts`],
    [
      'set one without an audit entry',
      ALL,
      "INSERT INTO trading_halts (halt_id, reason, halted_by) VALUES ('h9', 'r', session_user)",
    ],
  ),
  ...group(
    'limits',
    ['change one without an audit entry', ALL, 'UPDATE risk_rules SET rule_value = 1000000'],
    [
      'change one with an entry of another user',
      ALL,
      `${entry('risk set', "'user u2'", "'{}'")}; UPDATE risk_rules SET rule_value = 1000000`,
    ],
    ['delete one without an audit entry', ALL, 'DELETE FROM risk_rules'],
    [
      'set one without an audit entry',
      ALL,
      "INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ('r9', 'u2', 'MAX_DRAWDOWN', 99)",
    ],
    [
      'change one',
      NOT_OPERATOR,
      `${entry('risk set', "'user u1'", "'{}'")}; UPDATE risk_rules SET rule_value = 9`,
    ],
    [
      'delete one that is in force',
      NOT_OPERATOR,
      `${entry('retention run', "'x'", "'{}'")}; DELETE FROM risk_rules`,
    ],
  ),
  ...group(
    'settings of the book',
    [
      'write one without an audit entry',
      ALL,
      "INSERT INTO pinnacle_settings VALUES ('trading_time_zone', 'UTC')",
    ],
    ['delete one', ALL, 'DELETE FROM pinnacle_settings'],
    ['change the record of the rollout', ALL, "UPDATE pinnacle_migrations SET up_sha256 = 'x'"],
  ),
  ...group(
    'results under an idempotency key',
    ['change one that is stored', ALL, "UPDATE idempotency_keys SET result = '1'"],
    ['delete one that is stored', ALL, 'DELETE FROM idempotency_keys'],
    [
      'store one of another login',
      ALL,
      "INSERT INTO idempotency_keys (actor, key, command, request, result) VALUES ('x', 'k', 'c', 'r', '1')",
    ],
  ),
  ...group(
    'trading sessions',
    ['delete one that runs', NOT_OPERATOR, "DELETE FROM trading_sessions WHERE status = 'ACTIVE'"],
    ['delete one that has just ended', NOT_OPERATOR, "DELETE FROM trading_sessions WHERE status <> 'ACTIVE'"],
    [
      'change one that ended',
      NOT_OPERATOR,
      "UPDATE trading_sessions SET peak_equity = 9 WHERE status <> 'ACTIVE'",
    ],
    [
      'write a drawdown without an audit entry',
      NOT_OPERATOR,
      "UPDATE trading_sessions SET max_drawdown = 99 WHERE status = 'ACTIVE'",
    ],
    [
      'lower a drawdown',
      NOT_OPERATOR,
      `${entry('position mark', "'x'", "'{}'")}; UPDATE trading_sessions SET max_drawdown = -1 WHERE status = 'ACTIVE'`,
    ],
    ['change its results', NOT_OPERATOR, 'UPDATE trading_sessions SET total_pnl = 9'],
    ['change its capital', NOT_OPERATOR, 'UPDATE trading_sessions SET capital_at_start = 9'],
    ['start one', READERS, 'INSERT INTO trading_sessions SELECT * FROM trading_sessions'],
  ),
  ...group(
    'the book',
    ['delete a user', ALL, 'DELETE FROM users'],
    ['rename a user', ALL, "UPDATE users SET user_id = 'x'"],
    ['change the capital of a user', NOT_OPERATOR, 'UPDATE users SET total_capital = 0'],
    ['delete an order', ALL, 'DELETE FROM orders'],
    ['change an order', NOT_OPERATOR, 'UPDATE orders SET quantity = 1'],
    ['change a fill', ALL, 'UPDATE order_fills SET price = 1'],
    ['delete a fill', ALL, 'DELETE FROM order_fills'],
    [
      'take out a fill without an audit entry',
      ALL,
      'SELECT order_fills_take_out(array(SELECT fill_id::text FROM order_fills))',
    ],
    ['change a correction of a fill', ALL, "UPDATE fill_corrections SET reason = 'x'"],
    ['say who corrected a fill', ALL, "INSERT INTO fill_corrections (corrected_by) VALUES ('x')"],
    [
      'rename a symbol without an audit entry',
      ALL,
      "INSERT INTO symbol_aliases (old_symbol, new_symbol) VALUES ('A', 'B')",
    ],
    ['give an alias another new name', ALL, "UPDATE symbol_aliases SET new_symbol = 'B'"],
    ['take an alias away without an audit entry', ALL, 'DELETE FROM symbol_aliases'],
    ['change what a merge moved', ALL, "UPDATE symbol_merges SET booked = '{}'"],
    ['say who merged symbols', ALL, "INSERT INTO symbol_merges (merged_by) VALUES ('x')"],
    [
      'book a movement of money without an audit entry',
      ALL,
      "INSERT INTO cash_flows (flow_id, user_id, kind, amount, day, reference) VALUES ('f9', 'u2', 'deposit', 1, '2026-01-01', 'r')",
    ],
    ['change a movement of money', ALL, 'UPDATE cash_flows SET amount = 1'],
    ['delete a movement of money', ALL, 'DELETE FROM cash_flows'],
    ['say who booked a movement of money', ALL, "INSERT INTO cash_flows (booked_by) VALUES ('x')"],
    [
      'put a corporate action on record without an audit entry',
      ALL,
      "INSERT INTO corporate_actions (action_id, type, symbol, ex_date, numerator, denominator) VALUES ('a9', 'split', 'X', '2026-01-01', 2, 1)",
    ],
    ['change the terms of a corporate action', ALL, 'UPDATE corporate_actions SET numerator = 9'],
    ['delete a corporate action', ALL, 'DELETE FROM corporate_actions'],
    ['change what a corporate action made', ALL, 'UPDATE corporate_action_effects SET shares = 1'],
    ['delete what a corporate action made', ALL, 'DELETE FROM corporate_action_effects'],
    [
      'change a channel of alerts without an entry',
      ALL,
      "INSERT INTO alert_channels (channel, kind, settings) VALUES ('x', 'webhook', '{}')",
    ],
    ['read the secret of a channel of alerts', READERS, 'SELECT secret FROM alert_channels'],
    ['change a message of alerts', ALL, "UPDATE alert_deliveries SET message = '{}'"],
    ['change a route of alerts', ALL, "UPDATE alert_routes SET min_level = 'CRITICAL'"],
    ['delete an equity snapshot', ALL, 'DELETE FROM equity_snapshots'],
    ['change an equity snapshot', READERS, 'UPDATE equity_snapshots SET capital = 1'],
    ['delete a position', ALL, 'DELETE FROM positions'],
    ['change the shares of a position', NOT_OPERATOR, 'UPDATE positions SET quantity = 1'],
    ['delete a strategy', ALL, 'DELETE FROM strategies'],
    ['change a strategy', NOT_OPERATOR, 'UPDATE strategies SET is_active = true'],
    ['change a notification', NOT_OPERATOR, 'UPDATE notifications SET message = title'],
    ['change what waits for Redis', ALL, "UPDATE realtime_outbox SET key = 'x'"],
    ['queue for Redis', READERS, "INSERT INTO realtime_outbox (kind, key) VALUES ('order', 'x')"],
    ['lock orders', NOT_OPERATOR, 'LOCK TABLE orders IN SHARE MODE'],
  ),
  ...group(
    'secrets',
    ['read a broker secret', NOT_OPERATOR, 'SELECT broker_secret FROM users'],
    ['read the hash of an API key', NOT_OPERATOR, 'SELECT api_key FROM users'],
    ['read a replaced API key', NOT_OPERATOR, 'SELECT api_key FROM api_key_grace'],
    ['read stored results', READERS, 'SELECT result FROM idempotency_keys'],
  ),
  ...group(
    'the database',
    ['create a table', ALL, 'CREATE TABLE mine (n int)'],
    ['create a temporary table', ALL, 'CREATE TEMP TABLE mine (n int)'],
    ['create a function', ALL, 'CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$'],
    ['create a schema', ALL, 'CREATE SCHEMA mine'],
    ['drop a table', ALL, 'DROP TABLE strategies'],
    ['replace a function', ALL, 'DROP FUNCTION audit_seal(integer, boolean)'],
    ['become the owner', ALL, 'SET ROLE pinnacle_owner'],
    ['pass its rights on', NOT_OPERATOR, 'GRANT SELECT ON orders TO PUBLIC; SELECT broker_secret FROM users'],
    ['read a file of the server', ALL, "SELECT pg_read_file('PG_VERSION')"],
  ),
];

/** The table of docs/security.md: what was tried as whom, and refused. */
function forbiddenTable(): string {
  const objects = [...new Set(FORBIDDEN.map(({ object }) => object))];
  const line = (object: string, to: string) => {
    const tried = FORBIDDEN.filter((each) => each.object === object && each.to.join(', ') === to);
    return tried.length === 0 ? [] : [`| ${object} | ${tried.map(({ what }) => what).join('; ')} | ${to} |`];
  };
  const whom = [...new Set(FORBIDDEN.map(({ to }) => to.join(', ')))];
  return [
    '| of | nobody of these may | tried as |',
    '| --- | --- | --- |',
    ...objects.flatMap((object) => whom.flatMap((to) => line(object, to))),
  ].join('\n');
}

/** docs/security.md with that table as it should be. */
export function withForbiddenTable(page: string): string {
  const [head, , rest] = page.split(/<!-- (?:end of )?forbidden -->/);
  return `${head}<!-- forbidden -->\n\n${forbiddenTable()}\n\n<!-- end of forbidden -->${rest}`;
}
