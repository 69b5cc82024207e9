import { resolve } from 'node:path';
import { choice, decimal, inputFile, json, optional, text, words } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RISK_LEVELS } from '../../domain/strategy.ts';
import { usage } from '../../util/failure.ts';
import { readInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';
import { isObject, parseJson } from '../../util/json.ts';

/** A flag for each column of a strategy except its id. */
export const columnFlags = {
  name: text('NAME', 'the name', 100),
  description: text('TEXT', 'what it does', 10_000),
  category: text('TEXT', 'the kind of strategy: momentum, mean reversion …', 50),
  riskLevel: choice(RISK_LEVELS, 'LEVEL', 'risk level'),
  minCapital: decimal('RUPEES', 'the minimum capital'),
  expectedReturn: decimal('PERCENT', 'expected return per year', -10_000, 10_000),
  maxDrawdown: decimal('PERCENT', 'the largest expected drawdown', 0, 100),
  symbols: words('A,B', 'the symbols it trades'),
  parameters: json('JSON', 'its parameters, a JSON object'),
};

export const fileFlag = optional(inputFile('a JSON file with the columns of the table; flags override it'));

/** The columns of the file and the flags, not validated; flags override the file. Throws a usage error for an unreadable file. */
export async function readColumns(
  input: Readonly<Record<string, unknown>>,
  ctx: Context,
): Promise<Record<string, unknown>> {
  const path = input['file'];
  const file = typeof path === 'string' ? await readStrategy(resolve(ctx.cwd, path), ctx.signal) : {};
  return { ...file, ...given(input) };
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

async function readStrategy(path: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  try {
    const { bytes } = await readInput(path, 65_536, { pipes: true, signal });
    const value = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(value)) return value;
  } catch (error) {
    if (error instanceof FileProblem) throw usage(`The file ${path} ${error.why}.`);
    if (error instanceof RangeError) throw usage(`The file ${path} ${error.message}.`);
    if (error instanceof TypeError) throw usage(`The file ${path} is not text in UTF-8.`);
    throw error;
  }
  throw usage(`The file ${path} must hold one JSON object.`);
}
