import * as z from 'zod/mini';
import { isObject } from '../util/json.ts';
import { closestMatch } from '../util/text.ts';
import { RULE_TYPES, type RuleType } from './enums.ts';
import { RISK_TOLERANCES } from './user.ts';

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

/** Risk rules by risk tolerance; every complaint carries the way to what it is about. */
export const riskTemplates = z.custom<Templates>().check((ctx) => {
  const complain = (path: string[], message: string) => {
    ctx.issues.push({ code: 'custom', input: ctx.value, path, message });
  };
  if (!isObject(ctx.value)) return complain([], 'must be an object of templates');
  for (const [tolerance, rules] of Object.entries(ctx.value)) {
    if (!isOneOf(RISK_TOLERANCES, tolerance))
      complain([tolerance], `is no risk tolerance${didYouMean(tolerance, RISK_TOLERANCES)}`);
    else if (!isObject(rules)) complain([tolerance], 'must be an object of rules');
    else
      for (const [rule, limit] of Object.entries(rules)) {
        const problem = ruleProblem(rule, limit);
        if (problem) complain([tolerance, rule], problem);
      }
  }
});
function ruleProblem(rule: string, limit: unknown): string | undefined {
  if (!isOneOf(RULE_TYPES, rule)) return `is no rule${didYouMean(rule, RULE_TYPES)}`;
  const problem = limitProblem(rule as RuleType, limit);
  return problem && `${problem}, not ${JSON.stringify(limit)}`;
}
const isOneOf = (words: readonly string[], word: string) => words.includes(word);
function didYouMean(word: string, words: readonly string[]): string {
  const guess = closestMatch(word, words);
  return guess ? `; did you mean ${guess}?` : `; there are ${words.join(', ')}`;
}
