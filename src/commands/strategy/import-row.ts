import { type Strategy, strategyProblems, strategySchema } from '../../domain/strategy.ts';
import type { Values } from '../../platform/files/open-table.ts';
import { parseJson } from '../../util/json.ts';

/** The columns of a file of strategies: all of them. */
export const STRATEGY_FILE = {
  required: [
    ...['strategy_id', 'name', 'description', 'category', 'risk_level', 'min_capital'],
    ...['expected_return_annual', 'max_drawdown', 'symbols', 'parameters'],
  ],
  optional: [],
};

const NUMBERS = new Set(['min_capital', 'expected_return_annual', 'max_drawdown']);

/** Parses a strategy from one row of text, or returns why it is invalid. */
export function parseStrategy(values: Values): Strategy | { reason: string } {
  try {
    const columns = Object.entries(values).map(([name, text]) => [name, meantBy(name, text)]);
    const checked = strategySchema.safeParse(Object.fromEntries(columns));
    return checked.success ? checked.data : { reason: strategyProblems(checked.error).join(' ') };
  } catch (error) {
    if (error instanceof RangeError) return { reason: error.message };
    throw error;
  }
}

/** Converts text to a number, list or object by column; in CSV symbols may be separated by spaces or commas. */
function meantBy(name: string, text: string): unknown {
  if (NUMBERS.has(name)) return /^[+-]?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : undefined;
  if (name === 'symbols' && !text.startsWith('[')) return text.split(/[\s,]+/).filter((word) => word !== '');
  if (name !== 'symbols' && name !== 'parameters') return text;
  try {
    return parseJson(text);
  } catch (error) {
    throw error instanceof RangeError ? new RangeError(`${name} ${error.message}`) : error;
  }
}
