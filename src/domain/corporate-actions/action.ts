import type { Instant } from '../instant.ts';
import type { TradingSymbol } from '../symbol.ts';
import { combine, type Ratio } from './ratio.ts';

/** In the order in which those of one ex-date are applied: a bonus counts the shares after the split. */
export const ACTION_TYPES = ['split', 'bonus', 'dividend', 'rights', 'demerger', 'merger', 'rename'] as const;
export type ActionType = (typeof ACTION_TYPES)[number];

export const ACTION_STATUSES = ['DRAFT', 'APPLIED', 'REVERSED'] as const;
export type ActionStatus = (typeof ACTION_STATUSES)[number];

/** What a company does, as an operator says it. */
export interface ActionTerms {
  type: ActionType;
  symbol: TradingSymbol;
  /** The other symbol: of what is demerged, of the acquirer, the new name. */
  new_symbol: TradingSymbol | null;
  /** The first trading day without the right, YYYY-MM-DD. */
  ex_date: string;
  /** New shares for those that are held, which a bonus adds to them; null of a dividend and a rename. */
  ratio: Ratio | null;
  /** Rupees a share: of a dividend what is paid, of rights what is asked; decimal text. */
  amount: string | null;
  /** Rupees for which a whole new share is paid out where only a fraction is left; decimal text. */
  cash_price: string | null;
  /** Of a demerger: how much of the cost goes to what is demerged, decimal text. */
  cost_percent: string | null;
  /** Of a dividend: what is deducted, in percent, decimal text, and above which rupees a user. */
  tds_percent: string | null;
  tds_above: string | null;
}

export interface Action extends ActionTerms {
  action_id: string;
  status: ActionStatus;
  source: string;
  /** The action that it was applied together with, itself where it was alone; null before it is. */
  applied_with: string | null;
  created_at: Instant;
  applied_at: Instant | null;
  reversed_at: Instant | null;
}

/** Those that change the number of shares by a factor: of one ex-date they are one step. */
export const isFactor = ({ type }: Pick<ActionTerms, 'type'>): boolean =>
  type === 'split' || type === 'bonus';

/** Those that change positions; the others pay, entitle or rename. */
export const movesPositions = ({ type }: Pick<ActionTerms, 'type'>): boolean =>
  isFactor({ type }) || type === 'demerger' || type === 'merger';

/** The new shares for each old one, of those that are held: 1:1 of a bonus is 2 for 1. */
export function factorOf(actions: readonly Pick<ActionTerms, 'type' | 'ratio'>[]): Ratio {
  return combine(
    actions.flatMap(({ type, ratio }) => {
      if (!ratio) return [];
      const { numerator, denominator } = ratio;
      return [type === 'bonus' ? { numerator: numerator + denominator, denominator } : ratio];
    }),
  );
}

/** Whether one action is applied before another of the same symbol: by ex-date, then by type. */
export const isBeforeAction = (
  a: Pick<ActionTerms, 'type' | 'ex_date'>,
  b: Pick<ActionTerms, 'type' | 'ex_date'>,
): boolean =>
  a.ex_date === b.ex_date
    ? ACTION_TYPES.indexOf(a.type) < ACTION_TYPES.indexOf(b.type)
    : a.ex_date < b.ex_date;
