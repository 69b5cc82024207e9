import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAMILIES } from '../../../src/operations/metrics/families.ts';
import { findProgram } from '../../helpers/binaries.ts';
import { cli } from '../../helpers/cli.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { readExposition, type Series } from '../../helpers/exposition.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-metrics-'));
afterAll(() => rmSync(folder, { recursive: true }));

const promtool = findProgram('promtool');

const amount = (series: readonly Series[], name: string, label?: string) =>
  series.find(
    (each) =>
      each.name === `pinnacle_${name}` && (label === undefined || Object.values(each.labels).includes(label)),
  )?.value;

describe.each(databases)('metrics print on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    await given.user(db, 'trader_002');
    await db.json('session', 'start', '--user', 'trader_001');
    await given.position(db, { price: 100 });
    await given.order(db, { type: 'LIMIT', price: 90 });
    await given.position(db, { user: 'trader_002', side: 'SELL', symbol: 'INFY', price: 1500 });
    await db.json('risk', 'set', 'trader_001', 'MAX_ORDERS_PER_DAY', '1');
    await db.cli('risk', 'check');
    await db.json('risk', 'halt', 'trader_002', '--reason', 'test', '--yes');
  });
  afterAll(() => db.close());

  const printed = async (format: 'prometheus' | 'openmetrics', ...more: string[]) => {
    const { code, stdout, stderr } = await db.cli('metrics', 'print', '--format', format, ...more);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return readExposition(stdout, format);
  };

  it.each(['prometheus', 'openmetrics'] as const)('is %s, and says what the book says', async (format) => {
    const series = await printed(format);
    const values = Object.fromEntries(
      series.map(({ name, labels, value }) => [
        [name.replace('pinnacle_', ''), ...Object.values(labels)].join(' '),
        value,
      ]),
    );
    expect(values).toMatchObject({
      scrape_success: 1,
      schema_phase: 4,
      schema_steps_pending: 0,
      traders: 2,
      sessions_active: 1,
      'orders_today FILLED': 2,
      'orders_today PLACED': 0,
      'orders_working PENDING': 1,
      fills_today: 2,
      turnover_today_rupees: 16_000,
      'positions_open LONG': 1,
      'positions_open SHORT': 1,
      positions_gross_rupees: 16_000,
      'pnl_today_rupees net': 0,
      'risk_violations MAX_ORDERS_PER_DAY': 1,
      'risk_violations MAX_DRAWDOWN': 0,
      'risk_use_worst_ratio MAX_ORDERS_PER_DAY': 2,
      'halts_active user': 1,
      'halts_active all': 0,
      outbox_rows: 0,
      'commands_recent order fill': 2,
      'command_duration_seconds_count order fill done': 2,
      'command_duration_seconds_count risk halt done': 1,
      'command_duration_seconds_bucket order fill done +Inf': 2,
      'command_duration_seconds_sum order fill done': expect.any(Number),
      'notifications_unread CRITICAL': expect.any(Number),
    });
  });

  it.runIf(promtool)('is accepted by promtool, without a word of advice', async () => {
    const { stdout } = await db.cli('metrics', 'print', '--by', 'user');
    const { status, stderr } = spawnSync(String(promtool), ['check', 'metrics'], { input: stdout });
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  });

  it('has no id or name of a trader, unless it is asked for', async () => {
    const { stdout } = await db.cli('metrics', 'print');
    expect(stdout).not.toMatch(/trader_00|Asha/);
    const series = await printed('openmetrics', '--by', 'user');
    const halted = series.filter(({ name }) => name === 'pinnacle_user_halted');
    expect(halted.map(({ labels, value }) => [labels['user'], value]).sort()).toEqual([
      ['trader_001', 0],
      ['trader_002', 1],
    ]);
    expect(amount(series, 'users_left_out')).toBe(0);
  });

  it('as rows has the same, for scripts', async () => {
    const rows = await db.json<{ metric: string; value: number }[]>('metrics', 'print');
    expect(rows).toContainEqual({ metric: 'pinnacle_orders_today', labels: { status: 'FILLED' }, value: 2 });
  });

  it('has the charges of the day without those that were countered, as top has them', async () => {
    await db.cli('charges', 'book');
    const charges = async () => amount(await printed('prometheus'), 'pnl_today_rupees', 'charges');
    const booked = Number(await charges());
    expect(booked).toBeLessThan(0);
    const [flow] = await db.json<{ flow_id: string }[]>('user', 'flows', 'trader_001', '--kind', 'charge');
    await db.json('user', 'reverse-flow', String(flow?.flow_id), '--reason', 'wrong', '--yes');
    const { charges: shown } = await db.json('top', '--once');
    expect(await charges()).toBe(Number(shown));
    expect(Number(shown)).toBeGreaterThan(booked);
  });

  it('writes a file that all may read, beside its name first, and again over itself', async () => {
    const file = join(folder, 'pinnacle.prom');
    for (const _ of [1, 2]) expect((await db.json('metrics', 'print', '--output', file))['file']).toBe(file);
    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(['pinnacle.prom']);
    expect(amount(readExposition(readFileSync(file, 'utf8'), 'prometheus'), 'fills_today')).toBe(2);
  });

  it('says of a schema that is not rolled out what there is', async () => {
    const empty = await open(0);
    try {
      const { code, stdout } = await empty.cli('metrics', 'print');
      const series = readExposition(stdout, 'prometheus');
      expect([code, amount(series, 'scrape_success'), amount(series, 'schema_phase')]).toEqual([0, 1, 0]);
      expect(amount(series, 'schema_steps_pending')).toBeGreaterThan(0);
      expect(amount(series, 'fills_today')).toBeUndefined();
    } finally {
      await empty.close();
    }
  });

  it('says that the database is away, to a pipe and in the file, and exits 7', async () => {
    const away = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' };
    const file = join(folder, 'away.prom');
    for (const more of [[], ['--output', file]]) {
      const { code, stdout, stderr } = await cli(['metrics', 'print', ...more], { env: away });
      const text = more.length === 0 ? stdout : readFileSync(file, 'utf8');
      expect(amount(readExposition(text, 'prometheus'), 'scrape_success')).toBe(0);
      expect({ code, stderr }).toEqual({ code: 7, stderr: expect.stringContaining('cannot be reached') });
    }
    const { code, stdout } = await cli(['metrics', 'print', '--json'], { env: away });
    expect({ code, stdout }).toEqual({ code: 7, stdout: '' });
  });
});

describe('the files beside the metrics name', () => {
  const known = new Set(Object.keys(FAMILIES).map((name) => `pinnacle_${name}`));
  it.each(['docs/metrics/grafana.json', 'docs/metrics/alerts.yml', 'docs/metrics.md'])(
    '%s: what there is',
    (path) => {
      const named = readFileSync(path, 'utf8').match(/\bpinnacle_(?!auditor|operator)[a-z_]+/g) ?? [];
      expect(named.length).toBeGreaterThan(0);
      const families = named.map((name) => name.replace(/(?<=_seconds)_(bucket|sum|count)$/, ''));
      expect(families.filter((name) => !known.has(name))).toEqual([]);
    },
  );

  it('docs/metrics.md has a row for each, and its commands work', async () => {
    const page = readFileSync('docs/metrics.md', 'utf8');
    const rows = Object.entries(FAMILIES).map(([name, family]) => {
      const labels = 'labels' in family ? `{${family.labels}}` : '';
      return `| \`pinnacle_${name}${labels}\` | ${family.help} |`;
    });
    expect(
      /<!-- metrics -->\n\n([\s\S]*?)\n\n<!-- \/metrics -->/.exec(page)?.[1]?.split('\n').slice(2),
    ).toEqual(rows);
    const lines = [...page.matchAll(/^pinnacle (.*)$/gm)].map(([, line = '']) => words(line));
    expect(lines).toHaveLength(2);
    const db = await databases[0]?.open();
    for (const argv of lines) {
      const free = argv.map((word) => word.replace('9187', '0'));
      expect((await db?.cliWith({ cwd: folder }, ...free))?.code).toBe(0);
    }
    await db?.close();
  });

  it.runIf(promtool)('the rules are accepted by promtool', () => {
    const { status, stderr } = spawnSync(String(promtool), ['check', 'rules', 'docs/metrics/alerts.yml']);
    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  });

  it('every metric that is no trader’s, in the dashboard or a rule', () => {
    const text = ['grafana.json', 'alerts.yml']
      .map((name) => readFileSync(`docs/metrics/${name}`, 'utf8'))
      .join('');
    expect(
      [...known].filter(
        (name) => !/_user|pinnacle_backup_(size|verified)|token_expiry/.test(name) && !text.includes(name),
      ),
    ).toEqual([]);
  });
});
