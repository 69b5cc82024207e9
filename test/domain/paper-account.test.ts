import { expect, it } from 'vitest';
import { instant } from '../../src/domain/instant.ts';
import { accountOf } from '../../src/domain/paper-account.ts';
import { tradingSymbol } from '../../src/domain/symbol.ts';

const DAY = '2026-01-30T00:00:00Z';
const trade = (
  symbol: string,
  product: 'CNC' | 'MIS',
  side: 'BUY' | 'SELL',
  quantity: number,
  price: number,
  at = DAY,
) => ({
  ...{ symbol: tradingSymbol.parse(symbol), exchange: 'NSE', product, side, quantity, price },
  executed_at: instant(new Date(at)),
});
const YESTERDAY = '2026-01-29T10:00:00Z';

it('an account has what was delivered before today as holdings, and everything else as positions', () => {
  const { positions, holdings } = accountOf(
    [
      trade('TCS', 'CNC', 'BUY', 10, 100, YESTERDAY),
      trade('TCS', 'CNC', 'BUY', 10, 110, YESTERDAY),
      trade('TCS', 'MIS', 'SELL', 5, 120, YESTERDAY),
      trade('TCS', 'CNC', 'SELL', 4, 120),
      trade('INFY', 'MIS', 'BUY', 5, 10),
      trade('INFY', 'MIS', 'SELL', 5, 11),
      trade('INFY', 'MIS', 'SELL', 3, 12),
    ],
    instant(new Date(DAY)),
  );
  expect(holdings).toEqual([
    { symbol: 'TCS', exchange: 'NSE', isin: '', quantity: 20, pledged: 0, average_price: 105 },
  ]);
  expect(positions).toEqual([
    { symbol: 'TCS', exchange: 'NSE', product: 'MIS', quantity: -5, average_price: 120 },
    { symbol: 'TCS', exchange: 'NSE', product: 'CNC', quantity: -4, average_price: 120 },
    { symbol: 'INFY', exchange: 'NSE', product: 'MIS', quantity: -3, average_price: 12 },
  ]);
});
