import { groupDigits, toPaisa } from '../../domain/money.ts';
import { bar } from './bar.ts';

const CELLS = 10;

/** A percentage and a bar of ten cells, full from 100 on: `██████░░░░ 62.00%`. */
export function useBar(percent: number, unicode: boolean): string {
  const full = Math.floor((percent / 100) * CELLS);
  return `${bar(full, CELLS, unicode)} ${groupDigits(toPaisa(percent))}%`;
}
