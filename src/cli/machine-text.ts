import { amountText } from '../domain/money.ts';
import { escapeControls, safeJson } from '../util/text.ts';
import type { Fields } from './result.ts';
import { columnValue, type Row } from './rows.ts';

/** The value of a column for a machine: an amount of money is decimal text, also where it is stored as a double. */
function machineValue(row: Row, name: string, fields: Fields): unknown {
  const value = columnValue(row, name);
  const { type, of } = fields[name] ?? {};
  if (type === 'money' && (typeof value === 'number' || typeof value === 'string')) return amountText(value);
  if (!of || !Array.isArray(value)) return value;
  return value.map((inner: Row) =>
    Object.fromEntries(Object.keys(inner).map((column) => [column, machineValue(inner, column, of)])),
  );
}

/** The same as text. */
export const plainValue = (row: Row, name: string, fields: Fields): string =>
  toPlainText(machineValue(row, name, fields));

/** These columns of a row as JSON without terminal control characters; null for a missing value. */
export function jsonRow(row: Row, names: readonly string[], fields: Fields, indent?: number): string {
  const picked = Object.fromEntries(names.map((name) => [name, machineValue(row, name, fields) ?? null]));
  try {
    return safeJson(picked, indent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const shown = Object.entries(picked).map(([name, value]) => [name, isTooDeep(value) ? TOO_DEEP : value]);
    return safeJson(Object.fromEntries(shown), indent);
  }
}

/** A value for machines: untruncated, control characters visible, nothing localised. */
export function toPlainText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return escapeControls(typeof value === 'object' ? jsonText(value) : String(value));
}

// Replaces a value that is nested too deeply to be written as JSON.
const TOO_DEEP = '(nested too deeply)';
const isTooDeep = (value: unknown) => jsonText(value) === TOO_DEEP;

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    throw error;
  }
}
