import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { parts } from '../_shared/parts.ts';

export const positionFields = {
  position_id: { type: 'text' },
  user_id: { type: 'text' },
  strategy_id: { type: 'text', minor: true },
  symbol: { type: 'text' },
  product: { type: 'text', hidden: true },
  side: { type: 'text', kind: 'state' },
  quantity: { type: 'integer' },
  average_price: { type: 'number', kind: 'price', minor: true },
  current_price: { type: 'number', kind: 'price', minor: true },
  unrealized_pnl: { type: 'money', kind: 'gain' },
  realized_pnl: { type: 'money', kind: 'gain', minor: true },
  status: { type: 'text', kind: 'state', minor: true },
  order_id: { type: 'text', hidden: true },
  opened_at: { type: 'time', minor: true },
  closed_at: { type: 'time', minor: true },
  created_at: { type: 'time', hidden: true },
  updated_at: { type: 'time', hidden: true },
  marked_at: { type: 'time', hidden: true },
} as const satisfies Fields;

/** The same with what says how a position does, and how much of the book of its user it is. */
export const weighedFields = {
  ...positionFields,
  gain_percent: { type: 'number', kind: 'gain', hidden: 'piped' },
  weight: { type: 'number', kind: 'percent', hidden: 'piped', optional: true },
} as const satisfies Fields;

/** What a merge of symbols, or its undoing, did in the book of one user. */
export const merged =
  (done: (old: string | null, now: string | null) => string) =>
  (row: RowOf<typeof mergeFields>): Answer => ({
    done: `${done(row.old_symbol, row.new_symbol)} for ${row.user_id}: ${parts({ orders: row.orders, executions: row.executions, positions: row.positions })}; ${row.merge_id}`,
    next: ['position', 'list', '--user', row.user_id],
  });

/** A merge of symbols in the book of a user, or its undoing. */
export const mergeFields = {
  merge_id: { type: 'text' },
  user_id: { type: 'text' },
  old_symbol: { type: 'text' },
  new_symbol: { type: 'text' },
  orders: { type: 'integer' },
  executions: { type: 'integer' },
  positions: { type: 'integer' },
  credited: { type: 'money', kind: 'gain' },
} as const satisfies Fields;
