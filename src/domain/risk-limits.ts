import * as z from 'zod/mini';
import { isObject } from '../util/json.ts';
import { closestMatch } from '../util/text.ts';
import { RULE_TYPES, type RuleType } from './enums.ts';
import { RISK_RULES } from './risk-rules.ts';
import { RISK_TOLERANCES } from './user.ts';

/** Limits by rule: rupees, percent or orders. */
export type Template = Partial<Record<RuleType, number>>;

/** The rules for users of each risk tolerance. */
export type Templates = Partial<Record<string, Template>>;

/** Why a value cannot be the limit of a rule; undefined if it can. */
export function limitProblem(rule: RuleType, limit: unknown): string | undefined {
  if (typeof limit !== 'number' || !Number.isFinite(limit)) return 'must be a number';
  const { unit, violates } = RISK_RULES[rule];
  if (violates === '<') return limit < 0 ? 'must be 0 or more' : undefined;
  if (limit <= 0) return 'must be more than 0';
  if (unit === 'percent' && limit > 100) return 'is percent, and must be at most 100';
  if (unit === 'orders' && !Number.isInteger(limit)) return 'must be a whole number of orders';
  return undefined;
}

/** Risk rules by risk tolerance. Every issue carries the path of the key it is about. */
export const riskTemplates = z.custom<Templates>().check((ctx) => {
  const addIssue = (path: string[], message: string) => {
    ctx.issues.push({ code: 'custom', input: ctx.value, path, message });
  };
  if (!isObject(ctx.value)) return addIssue([], 'must be an object of templates');
  for (const [tolerance, rules] of Object.entries(ctx.value)) {
    if (!isOneOf(RISK_TOLERANCES, tolerance))
      addIssue([tolerance], `is not a risk tolerance${didYouMean(tolerance, RISK_TOLERANCES)}`);
    else if (!isObject(rules)) addIssue([tolerance], 'must be an object of rules');
    else
      for (const [rule, limit] of Object.entries(rules)) {
        const problem = ruleProblem(rule, limit);
        if (problem) addIssue([tolerance, rule], problem);
      }
  }
});
function ruleProblem(rule: string, limit: unknown): string | undefined {
  if (!isOneOf(RULE_TYPES, rule)) return `is not a rule${didYouMean(rule, RULE_TYPES)}`;
  const problem = limitProblem(rule as RuleType, limit);
  return problem && `${problem}, not ${JSON.stringify(limit)}`;
}
const isOneOf = (words: readonly string[], word: string) => words.includes(word);
function didYouMean(word: string, words: readonly string[]): string {
  const guess = closestMatch(word, words);
  return guess ? `; did you mean ${guess}?` : `; known: ${words.join(', ')}`;
}
