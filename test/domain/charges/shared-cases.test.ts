import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Note, noteOf, notesOf } from '../../../src/domain/charges/levies.ts';
import { partOf, type Trade } from '../../../src/domain/charges/net-trades.ts';
import {
  type Conventions,
  type Levy,
  type Rate,
  ratesOn,
  type Segment,
} from '../../../src/domain/charges/schedule.ts';
import { SHIPPED_SCHEDULE } from '../../../src/domain/charges/shipped-schedule.ts';
import type { Exchange } from '../../../src/domain/exchanges.ts';
import { Decimal } from '../../../src/domain/money.ts';
import { shared } from '../../helpers/shared.ts';

const file = shared('cases/charges.json');
interface Case {
  id: string;
  input: Record<string, number | string | Record<string, string | number> | object[]>;
  expected: Record<string, number>;
  tolerance: number;
}
const cases: Case[] = file.absent ? [] : JSON.parse(readFileSync(file.path, 'utf8'));

type Terms = Pick<Rate, 'percent' | 'amount' | 'min' | 'max' | 'side'>;
const EVERY: readonly Segment[] = ['delivery', 'intraday', 'futures', 'options'];

/** A schedule of one plan at one exchange; levies that are left out cost nothing. */
function plan(exchange: Exchange, terms: Partial<Record<Levy, Terms>>, how: Partial<Conventions> = {}) {
  const levies: Partial<Record<Levy, Terms>> = {
    ...Object.fromEntries(
      ['brokerage', 'stt', 'transaction', 'sebi', 'stamp', 'ipft'].map((levy) => [levy, { percent: '0' }]),
    ),
    gst: { percent: '18' },
    dp: { amount: '0' },
    ...terms,
  };
  return ratesOn(
    {
      name: 'case',
      sources: { case: 'the case' },
      rates: Object.entries(levies).map(([levy, rate]) => ({
        ...{ levy: levy as Levy, exchanges: [exchange], segments: EVERY, from: '2000-01-01', source: 'case' },
        ...rate,
      })),
      conventions: [
        {
          from: '2000-01-01',
          gstOn: ['brokerage', 'transaction', 'sebi'],
          sttPrice: 'average',
          rounding: Object.fromEntries(
            ['brokerage', 'stt', 'transaction', 'sebi', 'stamp', 'ipft', 'gst', 'dp'].map((levy) => [
              levy,
              'exact',
            ]),
          ),
          source: 'case',
          ...how,
        },
      ],
    },
    '2023-07-03',
  );
}

let orders = 0;
function trade(side: 'BUY' | 'SELL', value: number, of: Partial<Trade> = {}): Trade {
  orders += 1;
  return {
    ...{
      order_id: `o${orders}`,
      symbol: 'SBIN',
      exchange: 'NSE',
      kind: 'shares',
      product: 'MIS',
      side,
      quantity: 100,
    },
    value: new Decimal(value),
    ...of,
  };
}
const option: Partial<Trade> = {
  symbol: 'NIFTY26APR26000CE',
  exchange: 'NFO',
  kind: 'options',
  product: 'NRML',
};
const future: Partial<Trade> = { symbol: 'NIFTY26APRFUT', exchange: 'NFO', kind: 'futures', product: 'NRML' };

const totalOf = (notes: readonly Note[]) => notes.reduce((sum, { total }) => sum.plus(total), new Decimal(0));
function amountOf(notes: readonly Note[], levy: Levy): Decimal {
  const amounts = notes.flatMap(({ charges }) => charges.filter((charge) => charge.levy === levy));
  return amounts.reduce((sum, { amount }) => sum.plus(amount), new Decimal(0));
}

/** What a case expects of notes, by its words. */
function expectCharges(notes: readonly Note[], { expected, tolerance }: Case) {
  const words: Record<string, Decimal> = {
    exchange: amountOf(notes, 'transaction'),
    exchange_incl_ipft: amountOf(notes, 'transaction').plus(amountOf(notes, 'ipft')),
    ctt: amountOf(notes, 'stt'),
    total: totalOf(notes),
  };
  for (const [word, amount] of Object.entries(expected)) {
    const ours = words[word] ?? amountOf(notes, word as Levy);
    expect(ours.minus(amount).abs().toNumber(), `${word}: ${ours} for ${amount}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

const percentOf = (rate: unknown) => ({ percent: new Decimal(String(rate).replace('%', '')).toFixed() });
const fraction = (rate: unknown) => ({ percent: new Decimal(String(rate)).times(100).toFixed() });
const PAISA = { rounding: {} };

function zerodha({ input }: Case, exchange: Exchange, of: Partial<Trade>) {
  const { rates, buy_value, sell_value } = input as {
    rates: Record<string, string>;
    buy_value: number;
    sell_value: number;
  };
  const terms = {
    brokerage: { amount: rates['brokerage'] ?? '' },
    stt: { ...fraction(rates['stt_sell']), side: 'SELL' },
    transaction: fraction(rates['exchange']),
    sebi: fraction(rates['sebi']),
    stamp: { ...fraction(rates['stamp']), side: 'BUY' },
  } as const;
  return notesOf([trade('BUY', buy_value, of), trade('SELL', sell_value, of)], plan(exchange, terms));
}

function algotrader(
  buys: number[],
  sells: number[],
  of: Partial<Trade>,
  stt: string,
  transaction: string,
  stamp: string,
) {
  const terms = {
    brokerage: { amount: '20' },
    stt: { percent: stt, side: 'SELL' },
    transaction: { percent: transaction },
    sebi: { percent: '0.0001' },
    stamp: { percent: stamp, side: 'BUY' },
  } as const;
  const trades = [
    ...buys.map((value) => trade('BUY', value, of)),
    ...sells.map((value) => trade('SELL', value, of)),
  ];
  return notesOf(trades, plan('NFO', terms, PAISA));
}

const ofStt = ({ input }: Case): Note[] => {
  const rates = plan(
    'NSE',
    { stt: { percent: String(input['stt_rate_percent']) } },
    input['rounded_to_rupee'] ? { rounding: { stt: 'rupee' } } : {},
  );
  const trades = [trade('SELL', Number(input['taxable_value']))];
  return [noteOf('NSE', { trades, parts: [partOf('SBIN', 'intraday', trades)], sold: [] }, rates)];
};
const kite = ({ input }: Case, exchange: Exchange, of: Trade, brokerage: Terms) => {
  const rates = input['rates'] as Record<string, string>;
  const terms: Partial<Record<Levy, Terms>> = {
    brokerage,
    transaction: percentOf(rates['exchange']),
    sebi: percentOf(rates['sebi']),
    ipft: percentOf(rates['ipft'] ?? '0'),
    stt: { ...percentOf(rates['stt'] ?? rates['ctt'] ?? '0'), side: 'SELL' },
  };
  return notesOf([of], plan(exchange, terms));
};
const shipped = (day: string, ...trades: Trade[]) => notesOf(trades, ratesOn(SHIPPED_SCHEDULE, day));
const misPlan = plan('NSE', { brokerage: { percent: '0.03', max: '20' } });

const bond = (exchange: Exchange, transaction: string) =>
  notesOf(
    [trade('BUY', 8_000, { exchange, product: 'CNC' })],
    plan(exchange, {
      transaction: { percent: transaction },
      sebi: { percent: '0.0001' },
      stamp: { percent: '0.015', side: 'BUY' },
    }),
  );

const RUN: Readonly<Record<string, (each: Case) => Note[]>> = {
  'angel-estimate-two-bonds': () => [...bond('NSE', '0.00325'), ...bond('BSE', '0.00375')],
  'angel-estimate-order-bse': () => bond('BSE', '0.00375'),
  'zerodha-intraday-10L': (each) => zerodha(each, 'NSE', {}),
  'zerodha-futures-10L': (each) => zerodha(each, 'NFO', future),
  'zerodha-options-10L': (each) => zerodha(each, 'NFO', option),
  'kite-nifty-pe-buy': (each) => kite(each, 'NFO', trade('BUY', 150, option), { amount: '20' }),
  'kite-mcx-goldpetal-sell': (each) =>
    kite(each, 'MCX', trade('SELL', 5_862, { ...future, exchange: 'MCX' }), { percent: '0.03' }),
  'kite-nifty-ce-sell': (each) => kite(each, 'NFO', trade('SELL', 2_673.75, option), { amount: '20' }),
  'kite-nifty-ce-buy': (each) => kite(each, 'NFO', trade('BUY', 521.25, option), { amount: '20' }),
  'stt-round-0.518': ofStt,
  'stt-round-13.75': ofStt,
  'stt-futures-2024': ofStt,
  'stt-options-2026': ofStt,
  'stt-intraday-bl': ofStt,
  'stt-futures-2021': ofStt,
  'algotrader-options-75x200': () => algotrader([15_000], [15_000], option, '0.0625', '0.053', '0.003'),
  'algotrader-options-1000x500': () =>
    algotrader([200_000, 300_000], [300_000, 200_000], option, '0.0625', '0.053', '0.003'),
  'algotrader-futures': () => algotrader([1_000_000], [1_005_000], future, '0.01', '0.0019', '0.002'),
  'mis-brokerage-percent': () => notesOf([trade('BUY', 10_000)], misPlan),
  'mis-brokerage-cap': () => notesOf([trade('BUY', 1_000_000)], misPlan),
  '1stop-intraday': () =>
    notesOf(
      [trade('BUY', 54_600), trade('SELL', 55_000)],
      plan(
        'NSE',
        {
          brokerage: { percent: '0.01' },
          stt: { percent: '0.025', side: 'SELL' },
          transaction: { percent: '0.00325' },
          sebi: { percent: '0.0001' },
          stamp: { percent: '0.006' },
        },
        { gstOn: ['brokerage', 'transaction'], sttPrice: 'side', rounding: { stt: 'rupee' } },
      ),
    ),
  'own-mis-roundtrip-1L': () => shipped('2026-04-01', trade('BUY', 100_000), trade('SELL', 100_500)),
  'own-mis-tiny': () => shipped('2026-04-01', trade('BUY', 500), trade('SELL', 505)),
  'own-opt-2026': () => shipped('2026-04-01', trade('BUY', 15_000, option), trade('SELL', 16_500, option)),
};

describe.skipIf(file.absent)('the collected cases of charges', () => {
  const here = cases.filter(({ id }) => RUN[id] !== undefined);

  it('are all checked here', () => {
    const apart = ['cnc-stt-both-sides', 'angel-dp'];
    expect(cases.filter(({ id }) => !(id in RUN) && !apart.includes(id))).toEqual([]);
    expect(cases.length).toBeGreaterThan(20);
  });

  it.each(here)('$id', (each) => {
    // What is left of a round trip is not a levy.
    const { net: _net, ...expected } = each.expected;
    expectCharges(RUN[each.id]?.(each) ?? [], { ...each, expected });
  });

  it('cnc-stt-both-sides, angel-dp', () => {
    const of = (side: 'BUY' | 'SELL') => shipped('2024-10-01', trade(side, 250_000, { product: 'CNC' }));
    expect(['BUY', 'SELL'].map((side) => amountOf(of(side as 'BUY'), 'stt').toFixed(2))).toEqual([
      '250.00',
      '250.00',
    ]);
    expect(amountOf(of('SELL'), 'dp').toFixed(2)).toBe('23.60');
    expect(amountOf(of('BUY'), 'dp').toFixed(2)).toBe('0.00');
  });
});
