import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { signedRupees } from '../../domain/money.ts';
import { pluralize } from '../../util/text.ts';

export const sessionFields = {
  session_id: { type: 'text' },
  user_id: { type: 'text' },
  status: { type: 'text', kind: 'state', vital: true },
  start_time: { type: 'time', minor: true },
  end_time: { type: 'time', minor: true },
  total_orders: { type: 'integer', minor: true },
  successful_orders: { type: 'integer', minor: true },
  total_pnl: { type: 'money', kind: 'gain' },
  max_drawdown: { type: 'number', kind: 'percent' },
  capital_at_start: { type: 'money', minor: true },
  capital_at_end: { type: 'money', minor: true },
  peak_equity: { type: 'money', hidden: true },
  created_at: { type: 'time', hidden: true },
  updated_at: { type: 'time', hidden: true },
} as const satisfies Fields;

/** A session with its equity while it runs. */
export const equityFields = {
  ...sessionFields,
  peak_equity: { type: 'money' },
  equity: { type: 'money' },
  drawdown: { type: 'number', kind: 'percent' },
} as const satisfies Fields;

/** What the user of a session leaves open at its end. */
export const leftFields = {
  open_positions: { type: 'integer' },
  unrealized_pnl: { type: 'money', kind: 'gain' },
  working_orders: { type: 'integer' },
} as const satisfies Fields;

/** What became of a session, and what it came to. */
export const settled =
  (done: string) =>
  ({ session_id, user_id, status, total_pnl, total_orders }: RowOf<typeof sessionFields>): Answer => ({
    done: `${done} ${session_id} of ${user_id} (${status}): P&L ${signedRupees(total_pnl ?? 0)}, ${pluralize(Number(total_orders ?? 0), 'order')}`,
    next: ['session', 'show', session_id],
  });
