import type { RuleType } from './enums.ts';
import { limitProblem, type Template } from './risk-limits.ts';

/** A template that needs no configuration: limits as they are, and limits in percent of the capital of an account. */
interface BuiltIn {
  limits: Template;
  percentOfCapital: Template;
}

/** Templates by name; docs/commands.md and the help of `risk set` list them. */
export const BUILT_IN_TEMPLATES = {
  conservative: {
    limits: { MAX_DRAWDOWN: 3, MAX_ORDERS_PER_DAY: 50 },
    percentOfCapital: { MAX_POSITION_SIZE: 10, MAX_DAILY_LOSS: 1, MIN_CAPITAL_THRESHOLD: 80 },
  },
  standard: {
    limits: { MAX_DRAWDOWN: 5, MAX_ORDERS_PER_DAY: 100 },
    percentOfCapital: { MAX_POSITION_SIZE: 20, MAX_DAILY_LOSS: 2, MIN_CAPITAL_THRESHOLD: 70 },
  },
  aggressive: {
    limits: { MAX_DRAWDOWN: 10, MAX_ORDERS_PER_DAY: 300 },
    percentOfCapital: { MAX_POSITION_SIZE: 40, MAX_DAILY_LOSS: 4, MIN_CAPITAL_THRESHOLD: 50 },
  },
} as const satisfies Readonly<Record<string, BuiltIn>>;

type BuiltInName = keyof typeof BUILT_IN_TEMPLATES;

/** Whether a name is that of a built-in template. */
export const isBuiltIn = (name: string): name is BuiltInName => Object.hasOwn(BUILT_IN_TEMPLATES, name);

/** The limits of a built-in template for a capital in rupees, rounded to rupees; or which of them cannot be one. */
export function builtInLimits(
  name: BuiltInName,
  capital: number,
): { limits: Template } | { problem: string } {
  const { limits: fixed, percentOfCapital } = BUILT_IN_TEMPLATES[name];
  const shares = Object.entries(percentOfCapital).map(
    ([rule, percent]) => [rule, Math.round((capital * percent) / 100)] as const,
  );
  const [bad] = shares.filter(([rule, limit]) => limitProblem(rule as RuleType, limit) !== undefined);
  if (bad) return { problem: `${bad[0]} would be ${bad[1]}, for a capital of ${capital}` };
  return { limits: { ...fixed, ...Object.fromEntries(shares) } };
}

/** What the built-in templates set, a line each. */
export const describeTemplates = (): string =>
  Object.entries(BUILT_IN_TEMPLATES)
    .map(([name, { limits, percentOfCapital }]: [string, BuiltIn]) => {
      const parts = [
        ...Object.entries(limits).map(([rule, limit]) => `${rule} ${limit}`),
        ...Object.entries(percentOfCapital).map(([rule, percent]) => `${rule} ${percent} % of the capital`),
      ];
      return `${name}: ${parts.join(', ')}`;
    })
    .join('\n');
