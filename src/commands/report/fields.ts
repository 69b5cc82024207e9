import { type Answer, type Fields, type Kind, type RowOf, withFlag, withoutFlag } from '../../cli/result.ts';
import type { Row } from '../../cli/rows.ts';
import { formatRupees, signedRupees } from '../../domain/money.ts';
import { pluralize } from '../../util/text.ts';
import { reportFileFields } from '../_shared/report-file.ts';

/** Figures of what was won or lost; the others in rupees or percent have no sign. */
const WON =
  /return|growth|pnl|alpha|kelly|^(charges|dividends|expectancy|average_win|average_loss|best_trade|worst_trade)$/;

/** The unit that a figure names. */
export function unitOfFigure(row: Row): Kind | undefined {
  const { figure, unit } = row as { figure?: unknown; unit?: unknown };
  if (unit !== 'rupees' && unit !== 'percent') return undefined;
  if (!WON.test(String(figure))) return unit;
  return unit === 'rupees' ? 'profit' : 'gain';
}

/** A figure; its value is in its unit, and null with the reason where it is not defined. */
const figureFields = {
  figure: { type: 'text' },
  value: { type: 'number', kind: unitOfFigure },
  unit: { type: 'text' },
  reason: { type: 'text' },
} as const satisfies Fields;

const MOVED = {
  paid_in: { type: 'money', minor: true },
  paid_out: { type: 'money', minor: true },
  realized_pnl: { type: 'money', kind: 'gain' },
  charges: { type: 'money', kind: 'gain' },
  dividends: { type: 'money', kind: 'gain', minor: true },
  net_pnl: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

/** A day of an account. */
export const dayFields = {
  day: { type: 'text' },
  ...MOVED,
  closing_capital: { type: 'money' },
  unrealized_pnl: { type: 'money', kind: 'gain' },
  equity: { type: 'money' },
  net_exposure: { type: 'money' },
  executions: { type: 'integer' },
  return: { type: 'number', kind: 'gain' },
  index: { type: 'number' },
  drawdown: { type: 'number', kind: 'percent' },
  rolling_sharpe: { type: 'number' },
} as const satisfies Fields;

const drawdownFields = {
  peak: { type: 'text' },
  trough: { type: 'text' },
  recovery: { type: 'text' },
  depth: { type: 'number', kind: 'percent' },
  days_to_trough: { type: 'integer' },
  days_to_recovery: { type: 'integer' },
  trading_days: { type: 'integer' },
} as const satisfies Fields;

const periodFields = {
  key: { type: 'text' },
  days: { type: 'integer' },
  executions: { type: 'integer' },
  realized_pnl: { type: 'money', kind: 'gain' },
  net_pnl: { type: 'money', kind: 'gain' },
  turnover: { type: 'money' },
  return: { type: 'number', kind: 'gain' },
} as const satisfies Fields;

const groupFields = {
  key: { type: 'text' },
  executions: { type: 'integer' },
  realized_pnl: { type: 'money', kind: 'gain' },
  turnover: { type: 'money' },
  trades: { type: 'integer' },
  wins: { type: 'integer' },
} as const satisfies Fields;

const closedFields = {
  position_id: { type: 'text' },
  user_id: { type: 'text' },
  strategy_id: { type: 'text' },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  opened_at: { type: 'time' },
  closed_at: { type: 'time' },
  realized_pnl: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

const binFields = {
  pnl_from: { type: 'money', kind: 'gain' },
  pnl_to: { type: 'money', kind: 'gain' },
  trades: { type: 'integer' },
} as const satisfies Fields;

const userFields = {
  user_id: { type: 'text' },
  net_pnl: { type: 'money', kind: 'gain' },
  return: { type: 'number', kind: 'gain' },
  drawdown: { type: 'number', kind: 'percent' },
  sharpe: { type: 'number' },
  trades: { type: 'integer' },
} as const satisfies Fields;

/** An account: its figures, and what they are computed from. */
const accountFields = {
  user_id: { type: 'text' },
  strategy_id: { type: 'text' },
  symbol: { type: 'text' },
  since: { type: 'text' },
  until: { type: 'text' },
  basis: { type: 'text' },
  figures: { type: 'rows', of: figureFields },
  rates: { type: 'rows', of: { rate: { type: 'number', kind: 'percent' } }, hidden: true },
  drawdowns: { type: 'rows', of: drawdownFields },
  equity: { type: 'rows', of: dayFields, hidden: true },
  months: { type: 'rows', of: periodFields, hidden: true },
  weekdays: { type: 'rows', of: periodFields, hidden: true },
  hours: { type: 'rows', of: groupFields, hidden: true },
  symbols: { type: 'rows', of: groupFields, hidden: true },
  strategies: { type: 'rows', of: groupFields, hidden: true },
  trades: { type: 'rows', of: closedFields, hidden: true },
  latest_trades: { type: 'rows', of: closedFields, hidden: true },
  histogram: { type: 'rows', of: binFields, hidden: true },
  notes: { type: 'rows', of: { note: { type: 'text' } } },
  users: { type: 'rows', of: userFields, onlyWithFlag: 'by' },
} as const satisfies Fields;

/** The performance of an account, or the file with it. */
export const performanceFields = {
  ...withoutFlag('output', accountFields),
  ...withFlag('output', reportFileFields),
} as const;

/** A day of which equity was taken down, of all users. */
export const snapshotFields = {
  day: { type: 'text' },
  users: { type: 'integer' },
  written: { type: 'integer' },
  incomplete: { type: 'integer' },
  moved_on: { type: 'integer', hidden: true },
  unpriced: { type: 'json' },
  open_positions: { type: 'integer' },
  closing_capital: { type: 'money' },
  unrealized_pnl: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

/** What was taken down of a day. */
export const takenDown = ({
  day,
  users,
  written,
  closing_capital,
  unrealized_pnl,
}: RowOf<typeof snapshotFields>): Answer => ({
  done: `Equity of ${day} is taken down of ${pluralize(Number(users), 'user')}, ${written} anew: capital ${formatRupees(String(closing_capital ?? '0'))}, unrealized ${signedRupees(unrealized_pnl ?? 0)}`,
  next: ['report', 'day', day],
});

/** A month of an account. */
export const monthFields = {
  user_id: { type: 'text' },
  month: { type: 'text' },
  opening_capital: { type: 'money', minor: true },
  ...MOVED,
  charges: { ...MOVED.charges, minor: true },
  closing_capital: { type: 'money' },
  executions: { type: 'integer', minor: true },
  return: { type: 'number', kind: 'gain', vital: true },
} as const satisfies Fields;

/** A trade: a position from flat to flat. */
export const tradeFields = {
  position_id: { type: 'text', hidden: true },
  user_id: { type: 'text' },
  strategy_id: { type: 'text', hidden: true },
  symbol: { type: 'text' },
  side: { type: 'text', kind: 'state' },
  product: { type: 'text', hidden: true },
  opened_at: { type: 'time', minor: true },
  closed_at: { type: 'time' },
  quantity: { type: 'integer' },
  entry_price: { type: 'number', kind: 'price', minor: true },
  exit_price: { type: 'number', kind: 'price', minor: true },
  gross_pnl: { type: 'money', kind: 'gain' },
  charges: { type: 'money', kind: 'gain', minor: true },
  net_pnl: { type: 'money', kind: 'gain' },
  days_held: { type: 'integer', minor: true },
  hours_held: { type: 'number', hidden: true },
  holding: { type: 'text', minor: true },
  term: { type: 'text', minor: true },
  financial_year: { type: 'text', minor: true },
} as const satisfies Fields;
