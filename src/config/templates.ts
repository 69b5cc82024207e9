import * as z from 'zod/mini';
import { RULE_TYPES, type RuleType } from '../domain/enums.ts';
import { limitProblem, type Templates } from '../risk/rule.ts';
import { RISK_TOLERANCES } from '../user/user.ts';
import { isObject } from '../util/json.ts';
import { nearest } from '../util/text.ts';

/** Risk rules by risk tolerance; every complaint carries the way to what it is about. */
export const riskTemplates = z.custom<Templates>().check((ctx) => {
  const complain = (path: string[], message: string) => {
    ctx.issues.push({ code: 'custom', input: ctx.value, path, message });
  };
  if (!isObject(ctx.value)) return complain([], 'must be an object of templates');
  for (const [tolerance, rules] of Object.entries(ctx.value)) {
    if (!isOneOf(RISK_TOLERANCES, tolerance))
      complain([tolerance], `is no risk tolerance${meant(tolerance, RISK_TOLERANCES)}`);
    else if (!isObject(rules)) complain([tolerance], 'must be an object of rules');
    else
      for (const [rule, limit] of Object.entries(rules)) {
        const problem = ruleProblem(rule, limit);
        if (problem) complain([tolerance, rule], problem);
      }
  }
});

function ruleProblem(rule: string, limit: unknown): string | undefined {
  if (!isOneOf(RULE_TYPES, rule)) return `is no rule${meant(rule, RULE_TYPES)}`;
  const problem = limitProblem(rule as RuleType, limit);
  return problem && `${problem}, not ${JSON.stringify(limit)}`;
}

const isOneOf = (words: readonly string[], word: string) => words.includes(word);

function meant(word: string, words: readonly string[]): string {
  const guess = nearest(word, words);
  return guess ? `; did you mean ${guess}?` : `; there are ${words.join(', ')}`;
}
