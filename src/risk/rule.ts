import type { RuleType } from '../domain/enums.ts';

/** Limits by rule: rupees, percent or orders. */
export type Template = Partial<Record<RuleType, number>>;

/** The rules for traders of each risk tolerance. */
export type Templates = Partial<Record<string, Template>>;

/** Why something is no limit of a rule; undefined where it is one. */
export function limitProblem(rule: RuleType, limit: unknown): string | undefined {
  if (typeof limit !== 'number' || !Number.isFinite(limit)) return 'must be a number';
  if (rule === 'MIN_CAPITAL_THRESHOLD') return limit < 0 ? 'must be 0 or more' : undefined;
  if (limit <= 0) return 'must be more than 0';
  if (rule === 'MAX_DRAWDOWN' && limit > 100) return 'is percent, and must be at most 100';
  if (rule === 'MAX_ORDERS_PER_DAY' && !Number.isInteger(limit)) return 'must be a whole number of orders';
  return undefined;
}
