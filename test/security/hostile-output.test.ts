import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fields } from '../../src/cli/result.ts';
import { allCommands } from '../helpers/commands.ts';
import { databases, sampled, type TestDatabase } from '../helpers/databases.ts';
import { CORPUS, RAW, some } from './corpus.ts';

/** What fits the shortest text column, and is text that the database takes. */
const HOSTILE = some(
  Object.values(CORPUS).filter((text) => !/\0|\p{Cs}/u.test(text) && text.trim() !== ''),
  64,
).map((text) => text.slice(0, 20).replace(/[\ud800-\udbff]$/, ''));

/** About as deep as PostgreSQL takes JSON. */
const DEEP = 6_000;

const GIVEN = `WITH given AS (
  SELECT h, CASE kind WHEN 'plain' THEN 'p' || n ELSE h || n END AS id
  FROM unnest($1::text[]) WITH ORDINALITY AS t (h, n) CROSS JOIN unnest(ARRAY['plain', 'hostile']) AS kind
  WHERE kind = 'plain' OR n % 4 = 0)`;

/** A row of every table for each hostile text, written by another program: plain ids and hostile ones. */
const SEED = [
  `INSERT INTO users (user_id, name, email, api_key, total_capital, risk_tolerance)
   SELECT id, h, h || id, 'k' || id, -12.50, left(h, 20) FROM given`,
  `INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
     max_drawdown, symbols, parameters)
   SELECT id, h, h, h, left(h, 20), 1, -12.5, 1, json_build_array(h), json_build_object(h, h) FROM given`,
  `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, broker_order_id,
     error_message, status)
   SELECT id, id, id, h, 'BUY', 'LIMIT', 1, 100, h, h, 'REJECTED' FROM given`,
  `INSERT INTO user_strategies (user_id, strategy_id, custom_parameters, total_pnl)
   SELECT id, id, json_build_object(h, h), -12.5 FROM given`,
  `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl,
     strategy_id, order_id)
   SELECT id, id, h, 'SHORT', 1, 1, 1, -12.5, id, id FROM given`,
  `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id)
   SELECT id, id, h, 1, 100, now(), id FROM given`,
  `INSERT INTO notifications (notification_id, user_id, notification_type, title, message, data)
   SELECT id, id, 'RISK_ALERT', h, h, json_build_object(h, h) FROM given`,
  `INSERT INTO trading_sessions (session_id, user_id, capital_at_start, total_pnl) SELECT id, id, 1, -12.5 FROM given`,
  `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, current_value, is_violated, violation_message)
   SELECT id, id, 'MAX_DAILY_LOSS', 1, -12.5, true, h FROM given`,
  `INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) SELECT id, id, h, h FROM given`,
  `INSERT INTO audit_log (actor, command, target, body) SELECT h, h, h, h FROM given`,
  `INSERT INTO audit_log (command, target, body)
   SELECT 'denied', 'order ' || id, json_build_object('command', json_build_object('toString', 1), 'before', h) FROM given`,
  `INSERT INTO audit_log (command, target, body)
   SELECT 'order amend', 'order ' || id, repeat('[', 100000) || repeat(']', 100000) FROM given LIMIT 1`,
];

const commands = (await allCommands()).filter(({ command }) => command.effect === 'read');
const needsNothing = ({ command }: (typeof commands)[number]) =>
  [...Object.values(command.args), ...Object.values(command.flags)].every(({ required }) => !required);
const LISTS = commands.filter(needsNothing);
const SHOWS = ['user', 'strategy', 'order', 'position', 'session', 'notification'];
/** Those that reach beyond the database, or go on until they are interrupted. */
const ELSEWHERE =
  /^(config|keys|access|migrate|realtime|market|doctor realtime|metrics serve|top)|watch|export/;

/** The cells of CSV, none of which a spreadsheet would run. */
function cellsOf(csv: string): string[][] {
  const rows: string[][] = parse(csv, { relax_column_count: false });
  const live = rows.flat().filter((cell) => /^\s*[=+\-@]/.test(cell) && !/^-\d+(\.\d+)?$/.test(cell));
  expect(live).toEqual([]);
  return rows;
}

/** The columns that exist without any other flag. */
const columnsOf = (fields: Fields) =>
  Object.keys(fields).filter((name) => fields[name]?.onlyWithFlag === undefined);

describe.each(databases)('hostile text in the database on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const statement of SEED) await db.query(`${GIVEN} ${statement}`, [HOSTILE]);
    await db.query(`INSERT INTO notifications (notification_id, notification_type, title, message, data)
      VALUES ('deep', 'RISK_ALERT', 't', 'm', (repeat('[', ${DEEP}) || repeat(']', ${DEEP}))::json)`);
  });
  afterAll(() => db.close());

  const lines = [
    ...LISTS.filter(({ name }) => !ELSEWHERE.test(name)).map(({ path, command }) => ({
      name: path.join(' '),
      argv: 'all' in command.flags ? [...path, '--all'] : path,
      columns: columnsOf(command.fields),
    })),
    ...SHOWS.flatMap((noun) =>
      [1, 14, 17].map((n) => ({
        name: `${noun} show p${n}`,
        argv: [noun, 'show', `p${n}`],
        columns: columnsOf(commands.find(({ name }) => name === `${noun} show`)?.command.fields ?? {}),
      })),
    ),
    { name: 'notification show', argv: ['notification', 'show', 'deep'], columns: ['data'] },
  ];

  it.each(sampled(lines, 8))('$name', async ({ argv, columns }) => {
    const all = `--columns=${columns.join(',')}`;
    const said = async (tty: boolean, ...flags: string[]) => {
      const { code, stdout, stderr } = await db.cliWith({ tty }, ...argv, '--no-color', '--quiet', ...flags);
      expect([0, 6], `${flags} ${stderr}`).toContain(code);
      expect(stdout + stderr).not.toMatch(RAW);
      return stdout;
    };
    await said(true);
    await said(true, all);
    await said(true, '--json');
    const rows = JSON.parse(await said(false, '--json'));
    const isMany = Array.isArray(rows);
    const piped = (await said(false, all)).split('\n').slice(0, -1);
    if (isMany) {
      expect(piped).toHaveLength(rows.length);
      for (const line of piped) expect(line.split('\t')).toHaveLength(columns.length);
    }
    const csv = cellsOf(await said(false, '--csv', all));
    expect(csv).toHaveLength(1 + (isMany ? rows.length : 1));
  });

  it.each(['order', 'position', 'session', 'notification', 'audit'])('%s export', async (noun) => {
    const exported = async (format: string) => {
      const { code, stdout, stderr } = await db.cli(noun, 'export', '--format', format);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const [ndjson, csv] = [await exported('ndjson'), await exported('csv')];
    expect(ndjson + csv).not.toMatch(RAW);
    const rows = ndjson
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rows.length).toBeGreaterThan(HOSTILE.length - 1);
    expect(cellsOf(csv)).toHaveLength(1 + rows.length);
  });
});
