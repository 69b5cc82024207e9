import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { refused, usage } from '../cli/errors.ts';
import { choice, decimal, identifier, json, optional, requiredUnless, text, words } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { violates } from '../db/sqlstate.ts';
import { parseJson } from '../util/json.ts';
import { strategyFields } from './columns.ts';
import { STRATEGY_COLUMNS } from './store.ts';
import { RISK_LEVELS, type Strategy, strategySchema } from './strategy.ts';

export const add = defineCommand({
  effect: 'write',
  phase: 1,
  args: {},
  flags: {
    file: optional(text('FILE', 'a JSON file with the columns of the table; flags win over it', 4_096)),
    strategyId: requiredUnless('file', identifier('ID', 'the id')),
    name: requiredUnless('file', text('NAME', 'the name', 100)),
    description: requiredUnless('file', text('TEXT', 'what it does', 10_000)),
    category: requiredUnless('file', text('TEXT', 'the kind of strategy: momentum, mean reversion …', 50)),
    riskLevel: requiredUnless('file', choice(RISK_LEVELS, 'LEVEL', 'risk level')),
    minCapital: requiredUnless('file', decimal('RUPEES', 'the least capital it needs')),
    expectedReturn: requiredUnless('file', decimal('PERCENT', 'expected return a year', -10_000, 10_000)),
    maxDrawdown: requiredUnless('file', decimal('PERCENT', 'the largest drawdown to expect', 0, 100)),
    symbols: requiredUnless('file', words('A,B', 'the symbols it trades')),
    parameters: requiredUnless('file', json('JSON', 'its parameters, a JSON object')),
  },
  fields: strategyFields,
  examples: [
    'strategy add --file rsi_dmi.json',
    `strategy add --strategy-id momentum_rs --name "Relative strength" --description "Buys the strongest" --category momentum --risk-level Medium --min-capital 100000 --expected-return 18 --max-drawdown 20 --symbols RELIANCE,TCS --parameters '{"lookback":126}'`,
  ],
  async run(input, ctx: Context) {
    const strategy = checked({
      ...(input.file ? await readStrategy(resolve(ctx.cwd, input.file)) : {}),
      ...given(input),
    });
    return ctx.change(async (trx) => {
      const row = await trx
        .insertInto('strategies')
        .values({
          ...strategy,
          symbols: JSON.stringify(strategy.symbols),
          parameters: JSON.stringify(strategy.parameters),
          created_at: ctx.now().toISOString(),
        })
        .returning(STRATEGY_COLUMNS)
        .executeTakeFirstOrThrow()
        .catch((error) => {
          if (!violates(error, 'strategies_pkey')) throw error;
          throw refused('STRATEGY_EXISTS', `There is already a strategy ${strategy.strategy_id}.`);
        });
      return { result: row, audit: { target: `strategy ${row.strategy_id}`, body: { strategy: row } } };
    });
  },
});

/** The columns that flags were given for. */
function given(input: Record<string, unknown>): Record<string, unknown> {
  const columns = {
    strategy_id: input['strategyId'],
    name: input['name'],
    description: input['description'],
    category: input['category'],
    risk_level: input['riskLevel'],
    min_capital: input['minCapital'],
    expected_return_annual: input['expectedReturn'],
    max_drawdown: input['maxDrawdown'],
    symbols: input['symbols'],
    parameters: input['parameters'],
  };
  return Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined));
}

async function readStrategy(path: string): Promise<Record<string, unknown>> {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw usage(`The file ${path} cannot be read (${error.code}).`);
  });
  try {
    const value = parseJson(content);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (error) {
    throw usage(`The file ${path} ${(error as Error).message}.`);
  }
  throw usage(`The file ${path} must hold one JSON object.`);
}

function checked(columns: Record<string, unknown>): Strategy {
  const result = strategySchema.safeParse(columns);
  if (result.success) return result.data;
  const complaints = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `A strategy has no ${issue.keys.join(', ')}.`
      : `${issue.path.join('.')} ${issue.message}.`,
  );
  throw usage(
    complaints.join('\n'),
    'Give what is missing in the file or as flags: pinnacle strategy add --help',
  );
}
