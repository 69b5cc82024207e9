import { identifier } from '../../cli/flags.ts';
import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { pluralize } from '../../util/text.ts';

export const ofAction = { action: identifier('ACTION', 'the corporate action') };

export const actionFields = {
  action_id: { type: 'text' },
  type: { type: 'text' },
  symbol: { type: 'text' },
  new_symbol: { type: 'text', minor: true },
  ex_date: { type: 'text' },
  ratio: { type: 'text' },
  per_share: { type: 'number', kind: 'price' },
  fraction_price: { type: 'number', kind: 'price', minor: true },
  cost_percent: { type: 'number', kind: 'percent', minor: true },
  tds_percent: { type: 'number', kind: 'percent', hidden: true },
  tds_above: { type: 'money', hidden: true },
  status: { type: 'text', kind: 'state', vital: true },
  source: { type: 'text', hidden: true },
  applied_with: { type: 'text', hidden: true },
  added_by: { type: 'text', hidden: true },
  created_at: { type: 'time', hidden: true },
  applied_at: { type: 'time', minor: true },
  reversed_at: { type: 'time', hidden: true },
  reason: { type: 'text', hidden: true },
} as const satisfies Fields;

/** What an action, or its reversal, did altogether. */
export const appliedFields = {
  action_id: { type: 'text' },
  type: { type: 'text' },
  symbol: { type: 'text' },
  ex_date: { type: 'text' },
  status: { type: 'text', kind: 'state', vital: true },
  positions: { type: 'integer' },
  users: { type: 'integer' },
  orders_cancelled: { type: 'integer' },
  cash: { type: 'money' },
  left: { type: 'integer' },
} as const satisfies Fields;

/** What became of an action. */
export const acted =
  (done: string) =>
  ({ action_id, type, symbol, ex_date, positions, users }: RowOf<typeof appliedFields>): Answer => ({
    done: `${done} the ${type} of ${symbol} of ${ex_date} (${action_id}): ${pluralize(Number(positions), 'position')} of ${pluralize(Number(users), 'user')}`,
    next: ['position', 'list', '--symbol', symbol],
  });
