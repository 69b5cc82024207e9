import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { usage } from '../cli/errors.ts';
import { choice, decimal, json, optional, text, words } from '../cli/flags.ts';
import { parseJson } from '../util/json.ts';
import { RISK_LEVELS } from './strategy.ts';

/** A flag for each column of a strategy but its id. */
export const columnFlags = {
  name: text('NAME', 'the name', 100),
  description: text('TEXT', 'what it does', 10_000),
  category: text('TEXT', 'the kind of strategy: momentum, mean reversion …', 50),
  riskLevel: choice(RISK_LEVELS, 'LEVEL', 'risk level'),
  minCapital: decimal('RUPEES', 'the least capital it needs'),
  expectedReturn: decimal('PERCENT', 'expected return a year', -10_000, 10_000),
  maxDrawdown: decimal('PERCENT', 'the largest drawdown to expect', 0, 100),
  symbols: words('A,B', 'the symbols it trades'),
  parameters: json('JSON', 'its parameters, a JSON object'),
};

export const fileFlag = optional(
  text('FILE', 'a JSON file with the columns of the table; flags win over it', 4_096),
);

/** The columns as a file and flags give them, not checked yet; flags win. Throws a usage error for a file that is none. */
export async function readColumns(
  input: Readonly<Record<string, unknown>>,
  cwd: string,
): Promise<Record<string, unknown>> {
  const path = input['file'];
  return { ...(typeof path === 'string' ? await readStrategy(resolve(cwd, path)) : {}), ...given(input) };
}

function given(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
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
