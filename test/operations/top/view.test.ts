import { describe, expect, it } from 'vitest';
import { mintId } from '../../../src/domain/id.ts';
import { idPart } from '../../../src/domain/shortened-id.ts';
import { initialState, reduce, type State } from '../../../src/operations/top/state.ts';
import { type Around, view } from '../../../src/operations/top/view.ts';
import { WITHOUT_COLOUR } from '../../../src/util/paint.ts';
import { textWidth } from '../../../src/util/text-width.ts';
import { madeLook } from './made-look.ts';

const around = (columns: number, rows: number, unicode = true): Around => ({
  columns,
  rows,
  unicode,
  paint: WITHOUT_COLOUR,
  source: 'postgres@db1/pinnacle',
  intervalMs: 2_000,
  clock: (at) => at.slice(0, 19).replace('T', ' '),
});
const looking = (look = madeLook(12)): State => {
  const start = initialState({ user: undefined, text: '', sort: 'net' });
  return reduce(start, { is: 'looked', look, choice: start.choice }, undefined).state;
};
const press = (state: State, ...names: string[]) =>
  names.reduce(
    (before, name) =>
      reduce(before, { is: 'key', key: { name, text: name.length === 1 ? name : '' } }, undefined).state,
    state,
  );

describe('the screen', () => {
  it.each([
    [1, 1],
    [2, 3],
    [9, 5],
    [40, 10],
    [80, 24],
    [120, 40],
    [250, 70],
  ])('of %i columns and %i rows has so many rows, none wider, in every mode', (columns, rows) => {
    const browsing = looking(madeLook(300));
    const modes = [
      browsing,
      ...['2', '3', '4', '5', '1'].map((key) => press(browsing, key, 'end')),
      press(browsing, '?'),
      press(browsing, '/', 'x'),
      press(browsing, 'h', 'x'),
      press(browsing, 'return'),
      { ...browsing, problem: 'db1 cannot be reached.', look: { ...madeLook(3), redis: 'Redis is away.' } },
      reduce(browsing, { is: 'printed', title: 'pinnacle x', text: 'line\n'.repeat(100) }, undefined).state,
      initialState(browsing.choice),
    ];
    for (const state of modes) {
      const lines = view(state, around(columns, rows));
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
    }
  });

  it('shows what needs a person first, then traders, orders and alerts, with what is lagging', () => {
    const text = view(looking(), around(160, 40)).join('\n');
    for (const part of [
      'net -₹12,34,572.80  realized -₹12,34,567.80  unrealized ₹10.00',
      '1 halt  1 rule violated  1 CRITICAL  12 traders (12 in session)',
      'NEEDS YOU 2',
      'HALTED    news (by ops)',
      'TRADERS 12',
      '████████ 11.00 / 5.00 %',
      'WORKING 12',
      'BUY         10  TCS',
      'CRITICAL  everyone  Feed lost',
      'oldest mark 0 s (1 stale)  quotes 0 s to 0 s, 1 of 2  outbox 3 since 0 s  unsealed 2  replicas 1 of 1 ready',
    ])
      expect(text).toContain(part);
  });

  it('keeps its width whatever names are made of', () => {
    const names = [
      '株式会社',
      'ग्राहक',
      'e\u0301\u0302\u0303',
      '👍🏽👩‍👩‍👧',
      '\u0301\u0301',
      '\ud83d',
      'ﷺ',
      'x'.repeat(500),
    ];
    for (const name of names)
      for (const columns of [40, 80, 120])
        for (const state of [looking(madeLook(5, name)), press(looking(madeLook(5, name)), 'h', 'x')]) {
          const lines = view(state, around(columns, 30));
          expect(lines).toHaveLength(30);
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(columns);
        }
  });

  it('shows the end of what is typed, in a line of its own', () => {
    const typed = press(looking(), '/', ...'abcdefghij'.repeat(10));
    const [question, line] = view(typed, around(40, 10)).slice(-2);
    expect(question).toBe('Filter by user, symbol or strategy:');
    expect(line).toBe(`> ${'abcdefghij'.repeat(10).slice(-37)}_`);
    const asked = view(press(looking(), 'h', 't', 'r'), around(40, 10)).slice(-2);
    expect(asked).toEqual([expect.stringMatching(/^Halt trader_0000\? Type /), '> tr_']);
  });

  it('keeps the selected row in sight, and marks it without colour', () => {
    const state = press(looking(madeLook(150)), 'end', 'up');
    const selected = view(state, around(80, 24)).filter((line) => line.startsWith('>'));
    expect(selected).toEqual([expect.stringMatching(/^> trader_0148 /)]);
  });

  it.each([40, 60, 80, 120])('says what it filters by and that it is paused in %i columns', (columns) => {
    const source = 'trading@database-1.internal.example.com:5432/pinnacle_production';
    const [header] = view(press(looking(), '/', ...'tcs', 'return', 'p'), { ...around(columns, 10), source });
    expect(header).toMatch(/^Pinnacle {2}trading@.*… {2}with "tcs" {2}PAUS/);
    const [whole] = view(looking(), { ...around(130, 10), source });
    expect(whole).toBe(`Pinnacle  ${source}  2026-01-30 06:00:00  every 2 s  by net`);
  });

  it('says that there are more fills than it reads, and prices in rupees', () => {
    const look = madeLook(1);
    const fill = { fill_id: 'f', order_id: 'o', user_id: 'asha', symbol: 'TCS', side: 'BUY', quantity: 10 };
    const made = (count: number) => ({
      ...look,
      overview: {
        ...look.overview,
        fills: [...Array(count).keys()].map((n) => ({
          ...{ ...fill, fill_id: `f${n}`, price: 4000.5, strategy_id: null },
          realized_pnl: look.overview.totals.unrealized_pnl,
          executed_at: look.overview.at,
        })),
      },
    });
    const text = (count: number) => view(looking(made(count)), around(120, 30)).join('\n');
    expect(text(49)).toMatch(/^ {2}FILLS 49 /m);
    expect(text(50)).toMatch(/^ {2}FILLS 50 or more /m);
    expect(text(1)).toMatch(/^ {2}f0 .* TCS +₹4,000\.50 +₹10\.00 /m);
  });

  it.each([
    [80, true],
    [80, false],
    [60, true],
  ])('of %i columns shows generated ids as commands take them, each its own', (columns, unicode) => {
    const made = madeLook(8);
    const orders = made.overview.orders.map((order) => ({ ...order, order_id: mintId('ord', new Date(0)) }));
    const state = press(looking({ ...made, overview: { ...made.overview, orders } }), '3');
    const lines = view(state, around(columns, 40, unicode));
    const shown = lines.flatMap((line) => /(?<=^[> ] )\S*(?:…|\.\.\.)\w{6}/.exec(line) ?? []);
    expect(shown).toHaveLength(orders.length);
    for (const [i, text] of shown.entries()) {
      const { start = '?', end = '?' } = idPart('ORDER', text) ?? {};
      const found = orders.filter(({ order_id: id }) => id.startsWith(start) && id.endsWith(end));
      expect(found, text).toEqual([orders[i]]);
    }
  });

  it('is plain ASCII where the terminal shows nothing else', () => {
    const name = madeLook(3, ' Ŕävi ₹ 株');
    for (const line of view(looking(name), around(100, 30, false))) expect(line).toMatch(/^[\x20-\x7e]*$/);
    expect(view(looking(name), around(100, 30, false)).join()).toContain('###..... 2.00 / 5.00 %');
  });

  it('lets nothing of what it shows drive the terminal', () => {
    const hostile = '\x1b[2J\x1b]0;x\x07\u202e\u009b31m\r\n';
    const state = looking(madeLook(5, hostile));
    for (const mode of [state, press(state, 'h'), press(state, 'return')])
      for (const line of view(mode, around(200, 40))) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    const printed = reduce(state, { is: 'printed', title: hostile, text: hostile }, undefined).state;
    for (const line of view(printed, around(200, 40))) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
