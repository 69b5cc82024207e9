import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { displayOf } from '../../src/cli/display.ts';
import { type Io, Sink } from '../../src/cli/io.ts';
import { renderTable } from '../../src/cli/render-table.ts';
import type { Field, Fields, Kind, RenderOptions } from '../../src/cli/result.ts';
import { meaningOf } from '../../src/domain/meaning.ts';
import { IN_COLOUR, type Paint, WITHOUT_COLOUR } from '../../src/util/paint.ts';

const fields: Fields = {
  side: { type: 'text', kind: 'state' },
  price: { type: 'number', kind: 'price' },
  pnl: { type: 'money', kind: 'gain' },
  share: { type: 'number', kind: 'percent' },
  moved: { type: 'number', kind: 'gain' },
  ratio: { type: 'number' },
  violated: { type: 'boolean', kind: 'alarm' },
};
const style: RenderOptions = {
  now: new Date('2026-03-10T10:00:00Z'),
  timeZone: async () => 'Asia/Kolkata',
  flags: {},
  fields,
};
const rows = [
  { side: 'BUY', price: 2450.5, pnl: '1234567.8', share: 5, moved: 1.5, ratio: 1.23456, violated: true },
  {
    side: 'SELL',
    price: 0.0125,
    pnl: -0.0000001,
    share: 12.345,
    moved: -2,
    ratio: -1234567,
    violated: false,
  },
  { side: 'SHORT', price: 100_000, pnl: -500, share: null, moved: 0.001, ratio: -0.00001, violated: null },
];

function terminal(unicode: boolean, paint: Paint, written: string[] = [], columns = 0): Io {
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const out = new Sink(Object.assign(stream, { columns }), true);
  return { out, unicode, paint: () => paint, afterwards: [] } as unknown as Io;
}

async function table(unicode: boolean): Promise<string[]> {
  const written: string[] = [];
  await renderTable(rows, Object.keys(fields), style, terminal(unicode, WITHOUT_COLOUR, written));
  return written.join('').split('\n');
}

it('money looks the same in every column, points stand beneath each other, and P&L has its sign', async () => {
  expect(await table(true)).toEqual([
    'side            price             pnl   share   moved            ratio  violated',
    'BUY       ₹2,450.50    +₹12,34,567.80   5.00%  +1.50%           1.2346  yes',
    'SELL          ₹0.0125           ₹0.00  12.35%  -2.00%  -12,34,567       no',
    'SHORT  ₹1,00,000.00          -₹500.00   -       0.00%           0       -',
    '',
  ]);
});

it('shows what has no price, durations and lists of words as people write them', async () => {
  const kinds: Fields = {
    price: { type: 'number', kind: 'price' },
    age: { type: 'integer', kind: 'seconds' },
    symbols: { type: 'json' },
    data: { type: 'json' },
  };
  const { text } = await displayOf({ ...style, fields: kinds }, [], terminal(true, WITHOUT_COLOUR));
  const shown = (row: Record<string, unknown>) => Object.keys(kinds).map((name) => text(row, name));
  expect(shown({ price: 0, age: 14_400, symbols: ['ITC', 'M&M'], data: { a: 1 } })).toEqual([
    '-',
    '4 h',
    'ITC, M&M',
    '{"a":1}',
  ]);
  expect(shown({ price: 0.05, age: 45, symbols: [], data: null })).toEqual(['₹0.05', '45.0 s', '-', '-']);
});

it('no type or kind of a field lets control characters through, whatever a row has there', async () => {
  const types: Field['type'][] = ['text', 'json', 'time', 'boolean', 'integer', 'number', 'money', 'amounts'];
  const kinds: Kind[] = ['state', 'alarm', 'use', 'gain', 'price', 'percent', 'rupees', 'seconds', 'command'];
  const all = types.flatMap((type) => [{ type }, ...kinds.map((kind) => ({ type, kind }))]);
  const wild: Fields = Object.fromEntries(all.map((field, i) => [`column_${i}`, field]));
  const { text } = await displayOf({ ...style, fields: wild }, [], terminal(true, WITHOUT_COLOUR));
  for (const hostile of ['\r=1+1', '\u001b[2J', '\u009b31m', '\u202egnp', 'a\nb', 'a\tb'])
    for (const value of [hostile, [hostile], ['TCS', hostile], [[hostile]], { [hostile]: hostile }])
      for (const name of Object.keys(wild))
        expect(text({ [name]: value }, name), JSON.stringify(wild[name])).not.toMatch(/[\p{Cc}\p{Cf}]/u);
});

it('a command that does not fit stands whole beneath its row, and text that is alone is broken between words', async () => {
  const help = 'pinnacle notification list --unread --level critical';
  const lines = async (row: Record<string, string>, columns: Fields, width: number) => {
    const written: string[] = [];
    const io = terminal(true, WITHOUT_COLOUR, written);
    Object.defineProperty(io.out, 'width', { value: width });
    await renderTable([row], Object.keys(columns), { ...style, fields: columns }, io);
    return written.join('').split('\n');
  };
  const checks: Fields = { check: { type: 'text' }, help: { type: 'text', kind: 'command' } };
  expect(await lines({ check: 'alerts', help }, checks, 40)).toEqual(['check', 'alerts', `  ${help}`, '']);
  expect(await lines({ check: 'alerts', help }, checks, 80)).toEqual(['check   help', `alerts  ${help}`, '']);
  const what: Fields = { what: { type: 'text' } };
  expect(
    await lines({ what: 'two orders wait. See: pinnacle order list --status PENDING' }, what, 30),
  ).toEqual(['what', 'two orders wait. See:', '  pinnacle order list --status PENDING', '']);
});

it('is ASCII for a terminal that has no more', async () => {
  const lines = await table(false);
  expect(lines.join('')).toMatch(/^[ -~]*$/);
  expect(lines[1]).toContain('+Rs 12,34,567.80');
});

it('repeats in colour what a word or a sign says, and never says anything by colour alone', async () => {
  const [bright, plain] = await Promise.all(
    [IN_COLOUR, WITHOUT_COLOUR].map((paint) => displayOf(style, Object.keys(fields), terminal(true, paint))),
  );
  const shown = (display: typeof bright) =>
    rows.map((row) =>
      Object.keys(fields).map((name) => display?.painted(display.text(row, name), row, name) ?? ''),
    );
  const colours = shown(bright).map((cells) => cells.map((text) => text.split('\u001b[')[1]?.slice(0, 2)));
  expect(colours).toEqual([
    ['36', undefined, '32', undefined, '32', undefined, '31'],
    ['35', undefined, undefined, undefined, '31', undefined, undefined],
    ['35', undefined, '31', undefined, undefined, undefined, undefined],
  ]);
  for (const [i, cells] of shown(plain).entries()) {
    const pnl = Number(rows[i]?.pnl);
    if (Math.abs(pnl) >= 0.005) expect(cells[2]).toMatch(pnl > 0 ? /^\+₹/ : /^-₹/);
  }
});

it.each(['constructor', '__proto__', '', 'filled', 'FILLED '])('takes %j for no status', (word) => {
  expect(meaningOf(word)).toBeUndefined();
});

it('names the time zone once where a clock is shown, not where ages are', async () => {
  const kinds: Fields = { id: { type: 'text' }, at: { type: 'time' } };
  const notesOf = async (at: string, flags: RenderOptions['flags'] = {}) => {
    const io = terminal(true, WITHOUT_COLOUR);
    for (const _ of [1, 2])
      await renderTable([{ id: 'a', at }], Object.keys(kinds), { ...style, flags, fields: kinds }, io);
    return io.afterwards;
  };
  expect(await notesOf('2026-01-30T03:45:00.000000Z')).toEqual(['Times are in Asia/Kolkata; in UTC: --utc']);
  expect(await notesOf('2026-03-10T09:59:00.000000Z')).toEqual([]);
  expect(await notesOf('2026-01-30T03:45:00.000000Z', { utc: true })).toEqual([]);
});

it('keeps ids whole at every width, which cannot be given shortened, but not other long words', async () => {
  const [id, hash] = ['desk-of-derivatives-in-mumbai.trader-number-000001', 'a'.repeat(64)];
  const kinds: Fields = { user_id: { type: 'text' }, hash: { type: 'text' } };
  const written: string[] = [];
  const io = terminal(true, WITHOUT_COLOUR, written, 80);
  await renderTable([{ user_id: id, hash }], Object.keys(kinds), { ...style, fields: kinds }, io);
  expect(written.join('')).toContain(`${id}  aaaa`);
  expect(written.join('')).toContain('a…');
});
