import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isOnTick, marketProtection, tickByClose, ticksAround } from '../../src/domain/price-steps.ts';
import {
  dayOfExpiry,
  listedShareOf,
  rupeesOfPaise,
  scripOf,
  wholeOrNone,
} from '../../src/domain/scrip-master.ts';
import { readSymbol } from '../../src/domain/symbol.ts';
import { shared } from '../helpers/shared.ts';

const file = shared('cases/instruments.json');
interface Case {
  id: string;
  kind: string;
  [field: string]: unknown;
}
const cases: Case[] = file.absent ? [] : JSON.parse(readFileSync(file.path, 'utf8'));
const ofKind = (kind: string) => cases.filter((each) => each.kind === kind);

describe.skipIf(file.absent)('the collected cases of instruments', () => {
  it('are all of a kind that is checked here', () => {
    const known = [
      'tick_size',
      'price_on_tick',
      'symbol_length',
      'scrip_master_number',
      'market_protection_percent',
    ];
    expect(cases.filter(({ kind }) => !known.includes(kind))).toEqual([]);
    expect(cases.length).toBeGreaterThan(20);
  });
  it.each(ofKind('tick_size'))('$id', ({ month_end_close, expected_tick }) => {
    expect(tickByClose(month_end_close as number)).toBe(expected_tick);
  });
  it.each(ofKind('price_on_tick'))('$id', ({ price, tick, expected }) => {
    expect(isOnTick(price as number, tick as number)).toBe(expected);
  });
  it.each(ofKind('symbol_length'))('$id', ({ symbol, length, fits_varchar_20 }) => {
    const read = readSymbol(symbol as string);
    expect([read?.length, (read?.length ?? 0) <= 20]).toEqual([length, fits_varchar_20]);
  });
  it.each(ofKind('scrip_master_number'))('$id', ({ raw, expected }) => {
    const { strike, tick_size } = raw as Record<string, string>;
    const number = (text: string | null | undefined) => (text ? Number(text) : text);
    expect({
      strike: number(rupeesOfPaise(strike ?? '')),
      tick: number(rupeesOfPaise(tick_size ?? '')),
    }).toEqual(expected);
  });
  it.each(ofKind('market_protection_percent'))('$id', ({ ltp, instrument, expected }) => {
    expect(marketProtection(ltp as number, instrument as 'EQ')).toBe(expected);
  });
});

describe('a price on the tick', () => {
  it.each([
    [83.2525, 0.0025, true],
    [83.2526, 0.0025, false],
    [0.07, 0.01, true],
    [1_234_567.05, 0.05, true],
    [2450.5500001, 0.05, true],
    [2450.5, 1, false],
  ])('%d at %d: %s', (price, tick, expected) => expect(isOnTick(price, tick)).toBe(expected));
  it('lies between two others', () => {
    expect(ticksAround(2450.55, 0.1)).toEqual([2450.5, 2450.6]);
    expect(ticksAround(83.2526, 0.0025)).toEqual([83.2525, 83.255]);
  });
});

describe('a number of the scrip master', () => {
  it.each([
    ['', null],
    ['-1', null],
    ['0', null],
    ['0.000000', null],
    ['75', 75],
    ['1800.0', 1_800],
    ['1.5', undefined],
    ['many', undefined],
    ['9999999999', undefined],
  ])('%j is %s', (text, expected) => expect(wholeOrNone(text)).toBe(expected));
  it.each([
    ['5900000.000000', 1, '59000'],
    ['5.000000', 1, '0.05'],
    ['0.250000', 1, '0.0025'],
    ['825000000.000000', 100_000, '82.5'],
    ['abc', 1, undefined],
    ['1e5', 1, undefined],
  ])('%j divided by %d hundreds is %s rupees', (text, times, expected) =>
    expect(rupeesOfPaise(text, times)).toBe(expected),
  );
  it.each([
    ['28JUL2026', '2026-07-28'],
    ['', null],
    ['31FEB2026', undefined],
    ['2026-07-28', undefined],
  ])('%j is the day %s', (text, expected) => expect(dayOfExpiry(text)).toBe(expected));
});

describe('an object of the scrip master', () => {
  const row = {
    ...{ token: '3045', symbol: 'SBIN-EQ', name: 'SBIN', expiry: '', strike: '-1.000000', lotsize: '1' },
    ...{ instrumenttype: '', exch_seg: 'NSE', tick_size: '5.000000', freeze_qty: '-1' },
  };
  it('is a share', () => {
    expect(scripOf(row)).toEqual({
      ...{ exchange: 'NSE', trading_symbol: 'SBIN-EQ', symbol: 'SBIN', token: '3045', name: 'SBIN' },
      ...{ isin: null, series: 'EQ', kind: 'EQ', lot: 1, tick: '0.05', freeze_quantity: null },
      ...{ expiry: null, strike: null },
    });
  });
  it('is an option whose symbol has more than 20 characters', () => {
    const option = {
      ...{ token: 57_001, symbol: 'BANKNIFTY30DEC2659000CE', name: 'BANKNIFTY', expiry: '30DEC2026' },
      ...{ strike: '5900000.000000', lotsize: '35', instrumenttype: 'OPTIDX', exch_seg: 'NFO' },
      ...{ tick_size: '5.000000', freeze_qty: '600' },
    };
    expect(scripOf(option)).toMatchObject({
      ...{ symbol: 'BANKNIFTY30DEC2659000CE', token: '57001', kind: 'OPT', lot: 35, freeze_quantity: 600 },
      ...{ expiry: '2026-12-30', strike: '59000', series: '' },
    });
  });
  it.each([
    [
      { symbol: 'IRFC-N2', name: 'IRFC' },
      { symbol: 'IRFC-N2', series: 'N2', kind: 'OTHER' },
    ],
    [
      { symbol: 'BAJAJ-AUTO-EQ', name: 'BAJAJ-AUTO' },
      { symbol: 'BAJAJ-AUTO', series: 'EQ', kind: 'EQ' },
    ],
    [
      { symbol: 'BAJAJ-AUTO', name: 'BAJAJ-AUTO', exch_seg: 'BSE' },
      { symbol: 'BAJAJ-AUTO', kind: 'EQ' },
    ],
    [
      { symbol: 'Nifty 50', name: 'NIFTY', instrumenttype: 'AMXIDX' },
      { symbol: 'NIFTY 50', kind: 'INDEX' },
    ],
    [
      { exch_seg: 'CDS', strike: '825000000.0', instrumenttype: 'OPTCUR' },
      { strike: '82.5', kind: 'OPT' },
    ],
  ])('%j', (change, expected) => expect(scripOf({ ...row, ...change })).toMatchObject(expected));
  it.each([
    [null],
    [[]],
    [{ ...row, exch_seg: '' }],
    [{ ...row, token: '' }],
    [{ ...row, symbol: '' }],
    [{ ...row, symbol: 'A'.repeat(51) }],
    [{ ...row, name: 'a\u0007b' }],
    [{ ...row, lotsize: '1.5' }],
    [{ ...row, expiry: 'soon' }],
  ])('%j is none', (value) => expect(scripOf(value)).toEqual({ reason: expect.any(String) }));
});

it('reads a row of the list of shares', () => {
  const row = { symbol: 'SBIN', name: 'State Bank of India', series: 'EQ', isin: 'INE062A01020' };
  expect(listedShareOf(row)).toMatchObject({
    trading_symbol: 'SBIN-EQ',
    symbol: 'SBIN',
    kind: 'EQ',
    lot: null,
  });
  expect(listedShareOf({ ...row, isin: 'INE' })).toEqual({ reason: expect.stringContaining('SBIN') });
});
