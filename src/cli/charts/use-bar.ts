import { groupDigits, toPaisa } from '../../domain/money.ts';

const CELLS = 10;

/** A percentage and a bar of ten cells, full from 100 on: `██████░░░░ 62.00%`. */
export function useBar(percent: number, unicode: boolean): string {
  const [full, empty] = unicode ? ['█', '░'] : ['#', '.'];
  const cells = Math.max(0, Math.min(CELLS, Math.floor((percent / 100) * CELLS)));
  return `${full.repeat(cells)}${empty.repeat(CELLS - cells)} ${groupDigits(toPaisa(percent))}%`;
}
