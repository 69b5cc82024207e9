import type { RuleType } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import { type Rupees, toPaisa } from '../../domain/money.ts';
import type { Strategy } from '../../domain/strategy.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { RiskTolerance } from '../../domain/user.ts';

/** One who trades in the playground. Amounts in rupees. */
export interface Trader {
  user_id: UserId;
  name: string;
  capital: Rupees;
  risk_tolerance: RiskTolerance;
  strategy: StrategyId;
  allocation: Rupees;
  /** What an entry buys shares for. */
  stake: number;
  limits: Partial<Record<RuleType, number>>;
}

/** The price of a share before the first day, in rupees. */
export const FIRST_PRICES = {
  RELIANCE: 2450,
  TCS: 3890,
  INFY: 1510,
  HDFCBANK: 1640,
  SBIN: 780,
  ITC: 440,
  TATAMOTORS: 920,
  LT: 3560,
} as const;

export type Share = keyof typeof FIRST_PRICES;

const strategy = (
  strategy_id: string,
  name: string,
  description: string,
  category: string,
  symbols: Share[],
  parameters: Strategy['parameters'],
): Strategy => ({
  ...{ name, description, category, parameters },
  strategy_id: strategy_id as StrategyId,
  symbols: symbols as readonly string[] as TradingSymbol[],
  risk_level: 'Medium',
  min_capital: 100_000,
  expected_return_annual: 15,
  max_drawdown: 12,
});

export const STRATEGIES: readonly Strategy[] = [
  strategy(
    'rsi_dmi',
    'RSI and DMI',
    'Buys when RSI leaves oversold ground while DMI shows a rising trend',
    'momentum',
    ['RELIANCE', 'TCS', 'INFY'],
    { rsi_period: 14, rsi_oversold: 30 },
  ),
  strategy(
    'mean_reversion',
    'Mean reversion',
    'Buys what fell too far below its mean',
    'mean reversion',
    ['ITC', 'SBIN', 'HDFCBANK'],
    { lookback: 20, deviations: 2 },
  ),
  strategy(
    'breakout',
    'Breakout',
    'Buys a new high on rising volume',
    'trend',
    ['TATAMOTORS', 'LT', 'RELIANCE'],
    { days: 20 },
  ),
];

const trader = (
  n: number,
  name: string,
  capital: number,
  risk_tolerance: RiskTolerance,
  of: string,
  limits: Trader['limits'],
): Trader => ({
  user_id: `trader_00${n}` as UserId,
  name,
  capital: toPaisa(capital),
  risk_tolerance,
  strategy: of as StrategyId,
  allocation: toPaisa(capital / 2),
  stake: capital / 12,
  limits: { MAX_POSITION_SIZE: capital * 0.7, MAX_ORDERS_PER_DAY: 20, ...limits },
});

export const TRADERS: readonly Trader[] = [
  trader(1, 'Asha Rao', 1_000_000, 'medium', 'rsi_dmi', { MAX_DRAWDOWN: 6, MAX_DAILY_LOSS: 40_000 }),
  trader(2, 'Ravi Iyer', 500_000, 'low', 'mean_reversion', { MAX_DRAWDOWN: 4, MAX_DAILY_LOSS: 15_000 }),
  trader(3, 'Meera Nair', 750_000, 'high', 'breakout', { MAX_DRAWDOWN: 4, MAX_DAILY_LOSS: 25_000 }),
  trader(4, 'Kabir Singh', 600_000, 'medium', 'mean_reversion', { MIN_CAPITAL_THRESHOLD: 400_000 }),
  trader(5, 'Divya Menon', 1_200_000, 'medium', 'breakout', { MAX_DRAWDOWN: 6 }),
];

/** The trader whose last days go wrong: the share, the shares bought on the day before the last, and how far it falls then. */
export const FALL = {
  user_id: 'trader_003' as UserId,
  share: 'TATAMOTORS',
  quantity: 500,
  by: 0.09,
} as const;
