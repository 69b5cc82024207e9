import { identifier } from '../../cli/flags.ts';
import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { signedRupees } from '../../domain/money.ts';
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
  (row: RowOf<typeof appliedFields>): Answer => {
    const moved = [
      `${pluralize(Number(row.positions), 'position')} of ${pluralize(Number(row.users), 'user')}`,
      ...(row.orders_cancelled ? [`${pluralize(Number(row.orders_cancelled), 'order')} cancelled`] : []),
      ...(Number(row.cash) ? [`${signedRupees(row.cash ?? 0)} booked`] : []),
    ];
    return {
      done: `${done} the ${row.type} of ${row.symbol} of ${row.ex_date} (${row.action_id}): ${moved.join(', ')}`,
      next: ['position', 'list', '--symbol', row.symbol],
    };
  };
