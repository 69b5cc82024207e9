import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { shared } from '../../helpers/shared.ts';

interface Case {
  id: string;
  input: number[];
  expected: number | null | { profit_factor: number };
}

/** A case, the figure that shows it, and by how much ours is larger: percent, or a loss above zero. */
const CHOSEN: readonly [id: string, figure: string, factor: number][] = [
  ['em-mixed-vol', 'volatility', 100],
  ['em-mixed-sharpe', 'sharpe', 1],
  ['em-mixed-sortino', 'sortino', 1],
  ['em-mixed-mdd', 'max_drawdown', -100],
  ['em-mixed-downside', 'downside_deviation', 100],
  ['em-allneg-mdd', 'max_drawdown', -100],
  ['nt-sortino-1', 'sortino', 1],
  ['em-one-sharpe', 'sharpe', 1],
  ['ft-dd-abs', 'max_drawdown_rupees', 1],
  ['ft-expectancy', 'expectancy', 1],
  ['nt-win-rate-3', 'win_rate', 100],
  ['nt-avg-winner-2', 'average_win', 1],
  ['nt-profit-factor-5', 'profit_factor', 1],
  ['lean-large', 'profit_factor', 1],
];

const CASES = shared('cases/metrics.json');
const CAPITAL = 1_000_000_000;
const SHARES = 1_000_000;
const ENTRY = 1_000;

/** Every weekday from the first Monday of 2026. */
const dayOf = (i: number) =>
  new Date(Date.UTC(2026, 0, 5 + i + 2 * Math.floor(i / 5))).toISOString().slice(0, 10);

/** The rupees that each day earns: of returns, of what there is at its beginning. */
function rupeesOf(input: readonly number[]): number[] {
  if (input.some((value) => Math.abs(value) > 1)) return [...input];
  let capital = CAPITAL;
  return input.map((value) => {
    const earned = Math.round(capital * value * 100) / 100;
    capital += earned;
    return earned;
  });
}

/** A trade from flat to flat on each day, as a file of executions. */
const tradesOf = (id: string, input: readonly number[]) =>
  rupeesOf(input).flatMap((earned, i) => [
    `${id}-${i}a,TCS,BUY,${SHARES},${ENTRY},${dayOf(i)}T10:00:00+05:30`,
    `${id}-${i}b,TCS,SELL,${SHARES},${(ENTRY + earned / SHARES).toFixed(8)},${dayOf(i)}T15:00:00+05:30`,
  ]);

describe.skipIf(CASES.absent).each(databases)('figures of other systems, of a book on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-cases-'));
  beforeAll(async () => {
    db = await open();
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it.each(CHOSEN)('%s: %s', async (id, name, factor) => {
    const cases: Case[] = JSON.parse(readFileSync(CASES.path, 'utf8'));
    const { input, expected } = cases.find((each) => each.id === id) as Case;
    const file = join(folder, `${id}.csv`);
    const header = 'trade_id,symbol,side,quantity,price,executed_at';
    writeFileSync(file, [header, ...tradesOf(id, input)].join('\n'));
    await given.user(db, id, { capital: CAPITAL });
    await db.json('order', 'import', file, '--as', 'trades', '--user', id);
    const { figures } = await db.json<{
      figures: { figure: string; value: number | null; reason: string }[];
    }>('report', 'performance', '--user', id);
    const figure = figures.find((each) => each.figure === name);
    const value = expected !== null && typeof expected === 'object' ? expected.profit_factor : expected;
    if (value === null) expect(figure).toMatchObject({ value: null, reason: expect.any(String) });
    else expect((figure?.value ?? Number.NaN) / (value * factor)).toBeCloseTo(1, 6);
  });
});
