import * as z from 'zod/mini';
import { newStrategyId } from './id.ts';
import { tradingSymbol } from './symbol.ts';

export const RISK_LEVELS = ['Low', 'Medium', 'High'] as const;

const line = (max: number) =>
  z.string({ error: 'is missing' }).check(
    z.refine((value) => value.trim() !== '', { error: 'must not be empty' }),
    z.refine((value) => value.length <= max, { error: `must have at most ${max} characters` }),
    z.refine((value) => !/[^\P{Cc}\n\t]/u.test(value), { error: 'must not contain control characters' }),
  );

const amount = (what: string, max: number) =>
  z
    .number({ error: `must be ${what}` })
    .check(
      z.refine((value) => Number.isFinite(value) && value >= 0 && value <= max, { error: `must be ${what}` }),
    );

/** A strategy with the columns of the file and the table; rupees and percent. */
export const strategySchema = z.strictObject({
  strategy_id: z.pipe(z.string({ error: 'is missing' }), newStrategyId),
  name: line(100),
  description: line(10_000),
  category: line(50),
  risk_level: z.enum(RISK_LEVELS, { error: `must be one of ${RISK_LEVELS.join(', ')}` }),
  // As text, too: that is how `strategy show --json` writes it.
  min_capital: z.pipe(
    z.transform((value: unknown) =>
      typeof value === 'string' && /^\d{1,13}(\.\d{1,20})?$/.test(value) ? Number(value) : value,
    ),
    amount('an amount in rupees', 1e12),
  ),
  expected_return_annual: z
    .number({ error: 'must be a percentage' })
    .check(z.refine((value) => Math.abs(value) <= 10_000, { error: 'must be a percentage' })),
  max_drawdown: amount('a percentage from 0 to 100', 100),
  symbols: z
    .array(tradingSymbol, { error: 'must be a list of symbols' })
    .check(z.minLength(1, { error: 'must name at least one symbol' })),
  parameters: z.record(z.string(), z.json(), { error: 'must be a JSON object' }),
});

export type Strategy = z.output<typeof strategySchema>;

/** Some of the columns, by the same rules. */
export const changesSchema = z.partial(strategySchema);

export type Changes = z.output<typeof changesSchema>;

/** What is wrong with columns of a strategy, one sentence per problem. */
export function strategyProblems(error: z.core.$ZodError): string[] {
  return error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `A strategy has no ${issue.keys.join(', ')}.`
      : `${issue.path.join('.')} ${issue.message}.`,
  );
}
