import { type Fields, MOST_RELATED, type TablePart } from '../../cli/result.ts';
import type { Row } from '../../cli/rows.ts';
import type { Rupees } from '../../domain/money.ts';
import { shellWord } from '../../util/text.ts';

/** A fill on the page of what it belongs to. */
export const filledFields = {
  fill_id: { type: 'text' },
  executed_at: { type: 'time' },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  quantity: { type: 'integer' },
  price: { type: 'number', kind: 'price' },
  realized_pnl: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

/** A position, likewise. */
export const heldFields = {
  position_id: { type: 'text' },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  quantity: { type: 'integer' },
  average_price: { type: 'number', kind: 'price', minor: true },
  current_price: { type: 'number', kind: 'price', minor: true },
  unrealized_pnl: { type: 'money', kind: 'gain' },
  realized_pnl: { type: 'money', kind: 'gain', minor: true },
  status: { type: 'text', kind: 'state' },
} as const satisfies Fields;

/** A working order, likewise. */
export const workingFields = {
  order_id: { type: 'text' },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  order_type: { type: 'text', minor: true },
  quantity: { type: 'integer' },
  filled_quantity: { type: 'integer', minor: true },
  price: { type: 'number', kind: 'price' },
  status: { type: 'text', kind: 'state' },
} as const satisfies Fields;

/** How a P&L moved, and its extremes. */
export const movedFields = {
  trend: { type: 'amounts' },
  lowest: { type: 'money', kind: 'gain' },
  highest: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

/** The values of these columns, of a P&L in order; none of one that never moved. */
export function movedOf(trend: readonly Rupees[] | null | undefined): Row {
  if (!trend || new Set(trend).size < 2) return {};
  const ordered = [...trend].sort((a, b) => Number(a) - Number(b));
  return { trend, lowest: ordered[0], highest: ordered.at(-1) };
}

/** What is related to the thing of a page, and the command that lists all of it. */
export const tableOf = (
  title: string,
  rows: readonly Row[],
  fields: Fields,
  ...all: string[]
): TablePart => ({
  title,
  rows,
  fields,
  all: `pinnacle ${all.map(shellWord).join(' ')}`,
  most: MOST_RELATED,
});
