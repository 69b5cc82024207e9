import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TradingSymbol } from '../../../src/domain/symbol.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { backToStep } from '../../helpers/steps.ts';

const folder = mkdtempSync(join(tmpdir(), 'instruments-'));
const file = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const scrip = (token: string, symbol: string, exch_seg: string, more: object = {}) => ({
  ...{ token, symbol, name: symbol.replace(/-\w\w$/, ''), expiry: '', strike: '-1.000000', lotsize: '1' },
  ...{ instrumenttype: '', exch_seg, tick_size: '5.000000', freeze_qty: '-1', ...more },
});
const OPTION = {
  ...{ name: 'BANKNIFTY', expiry: '30DEC2026', strike: '5900000.000000', lotsize: '35' },
  ...{ instrumenttype: 'OPTIDX', freeze_qty: '600' },
};
const MASTER = [
  scrip('3045', 'SBIN-BL', 'NSE'),
  scrip('3046', 'SBIN-EQ', 'NSE'),
  scrip('3046', 'SBIN', 'BSE'),
  scrip('57001', 'BANKNIFTY30DEC2659000CE', 'NFO', OPTION),
  scrip('99926000', 'Nifty 50', 'NSE', { name: 'NIFTY', instrumenttype: 'AMXIDX' }),
];
const LIST = `SYMBOL,NAME OF COMPANY, SERIES, DATE OF LISTING, PAID UP VALUE, MARKET LOT, ISIN NUMBER, FACE VALUE
SBIN,State Bank of India,EQ,01-MAR-1995,1,1,INE062A01020,1
NEWCO,"New Company, Limited",BE,01-NOV-2026,10,1,INE000X01017,10
`;

describe.each(databases)('the instruments on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());

  const counts = async (path: string, ...flags: string[]) => db.json('instrument', 'import', path, ...flags);
  const written = async () =>
    (await db.query('SELECT xmin::text, trading_symbol FROM instruments ORDER BY exchange, trading_symbol'))
      .rows;

  it('come from the scrip master of the broker, tokens of two exchanges being the same', async () => {
    expect(await counts(file('master.json', MASTER))).toEqual({
      ...{
        format: 'angelone',
        rows: 5,
        added: 5,
        changed: 0,
        unchanged: 0,
        unlisted: 0,
        repeated: 0,
        left_out: 0,
      },
    });
    const [option] = await db.json<Record<string, unknown>[]>(
      'instrument',
      'show',
      'BANKNIFTY30DEC2659000CE',
    );
    expect(option).toMatchObject({
      ...{ exchange: 'NFO', token: '57001', kind: 'OPT', lot: 35, tick: '0.05', freeze_quantity: 600 },
      ...{ expiry: '2026-12-30', strike: '59000', listed: true },
    });
    const audits = await db.audits('instrument import');
    expect(audits.map(({ target, body }) => [target, body['added']])).toEqual([['instruments', 5]]);
  });

  it('are not written again by the same file, also with a new order of its rows', async () => {
    const before = await written();
    expect(await counts(file('again.json', [...MASTER].reverse()))).toMatchObject({
      added: 0,
      changed: 0,
      unchanged: 5,
    });
    expect(await written()).toEqual(before);
    expect(await db.audits('instrument import')).toHaveLength(1);
  });

  it('get full names and ISINs from the list of NSE, which the next scrip master keeps', async () => {
    expect(await counts(file('EQUITY_L.csv', LIST))).toMatchObject({ format: 'nse', added: 1, changed: 1 });
    expect(await counts(join(folder, 'EQUITY_L.csv'))).toMatchObject({ added: 0, changed: 0, unchanged: 2 });
    expect(await counts(join(folder, 'master.json'))).toMatchObject({ added: 0, changed: 0 });
    const shown = await db.json<Record<string, unknown>[]>('instrument', 'show', 'sbin', '--exchange', 'nse');
    expect(
      shown.map((row) => [row['trading_symbol'], row['token'], row['name'], row['isin'], row['tick']]),
    ).toEqual([
      ['SBIN-EQ', '3046', 'State Bank of India', 'INE062A01020', '0.05'],
      ['SBIN-BL', '3045', 'SBIN', null, '0.05'],
    ]);
  });

  it('are found by name, symbol and ISIN', async () => {
    const find = async (...words: string[]) =>
      (await db.json<Record<string, unknown>[]>('instrument', 'search', ...words)).map(
        (row) => row['trading_symbol'],
      );
    expect(await find('state bank')).toEqual(['SBIN-EQ']);
    expect(await find('SBIN')).toEqual(['SBIN', 'SBIN-EQ', 'SBIN-BL']);
    expect(await find('INE000X01017')).toEqual(['NEWCO-BE']);
    expect(await find('SBIN', '--exchange', 'BSE')).toEqual(['SBIN']);
    expect(await find("%' OR true --")).toEqual([]);
    await db.refused(['instrument', 'show', 'NOBODY'], { code: 3, error: 'INSTRUMENT_NOT_FOUND' });
  });

  it('are given to who sends orders, and translated from tokens', async () => {
    const { findByTokens, findInstruments } = await import(
      '../../../src/trading/instruments/find-instrument.ts'
    );
    const source = { db: undefined as never, phase: 4 as const, step: 8 };
    const named = { symbol: 'SBIN' as TradingSymbol, exchange: 'NSE' };
    expect(await findInstruments(source, [named])).toEqual([
      { ...named, tradingSymbol: 'SBIN-EQ', token: '' },
    ]);
    expect(await findByTokens(source, [{ exchange: 'NSE', token: '1' }])).toEqual([]);
  });

  it('lose a token to another, and are not listed where a whole file lacks them', async () => {
    const changed = [scrip('3045', 'SBIN-EQ', 'NSE'), scrip('3046', 'SBIN', 'BSE'), ...MASTER.slice(3)];
    expect(await counts(file('changed.json', changed))).toMatchObject({ changed: 1, unlisted: 0 });
    const rows = await db.json<Record<string, unknown>[]>('instrument', 'show', 'SBIN', '--exchange', 'NSE');
    expect(rows.map((row) => [row['trading_symbol'], row['token'], row['listed']])).toEqual([
      ['SBIN-EQ', '3045', true],
      ['SBIN-BL', '', true],
    ]);
    const more = [
      ...changed,
      scrip('7', 'ABC-EQ', 'NSE'),
      scrip('8', 'DEF-EQ', 'NSE'),
      scrip('9', 'GHI-EQ', 'NSE'),
    ];
    await counts(file('more.json', more));
    expect(
      await counts(
        file(
          'less.json',
          more.filter(({ token }) => token !== '9'),
        ),
      ),
    ).toMatchObject({ unlisted: 1 });
    const few = await db.cli('instrument', 'import', file('few.json', more.slice(0, 1)), '--json');
    expect(JSON.parse(few.stdout)).toMatchObject({ unlisted: 0, changed: 0 });
    expect(few.stderr).toContain('lacks more than half of the instruments of NSE');
    expect(await counts(join(folder, 'more.json'))).toMatchObject({ changed: 1, added: 0 });
  });

  it('leave out odd rows of many, and repeated ones', async () => {
    const many = Array.from({ length: 300 }, (_each, i) => scrip(String(9_000 + i), `S${i}`, 'BSE'));
    const path = file('odd.json', [
      ...many,
      scrip('9000', 'S0B', 'BSE'),
      scrip('9999', 'S0', 'BSE'),
      { token: 1 },
    ]);
    const { stdout, stderr } = await db.cli('instrument', 'import', path, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ rows: 303, added: 300, repeated: 2, left_out: 1 });
    expect(stderr).toContain('object 303: exch_seg');
  });

  it.each([
    ['a list of something else', [{ a: 1 }], /object 1: exch_seg/],
    ['half a file', JSON.stringify(MASTER).slice(0, 700), /cut off/],
    ['an object', { data: MASTER }, /no file|no list|columns|header/i],
    ['text', '[1, 2', /cut off/],
    ['a table of something else', 'a,b\n1,2\n', /column/i],
    ['nothing', '', /./],
    ['a list and more', `${JSON.stringify(MASTER)} {}`, /no list/],
    ['other brackets', '[{"token": "1"]]', /no list/],
  ])('refuse %s', async (_what, content, stderr) => {
    const before = await written();
    await db.refused(['instrument', 'import', file('bad.json', content)], { code: 2, stderr });
    expect(await written()).toEqual(before);
  });

  it('need the step', async () => {
    const old = await open();
    await backToStep(old, 8);
    for (const words of [
      ['import', join(folder, 'master.json')],
      ['show', 'SBIN'],
      ['search', 'SBIN'],
    ])
      await old.refused(['instrument', ...words], {
        code: 5,
        error: 'PHASE_NEEDED',
        stderr: 'pinnacle migrate up',
      });
    await old.close();
  });
});
