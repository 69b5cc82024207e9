import type { Answer, Fields, RowOf } from '../../cli/result.ts';

export const strategyFields = {
  strategy_id: { type: 'text' },
  name: { type: 'text' },
  description: { type: 'text', hidden: true },
  category: { type: 'text', minor: true },
  risk_level: { type: 'text' },
  min_capital: { type: 'money', minor: true },
  expected_return_annual: { type: 'number', kind: 'gain', minor: true },
  max_drawdown: { type: 'number', kind: 'percent', minor: true },
  symbols: { type: 'json', minor: true },
  parameters: { type: 'json', hidden: true },
  is_active: { type: 'boolean', vital: true },
  created_at: { type: 'time', minor: true },
} as const satisfies Fields;

/** The activation of a strategy by a user: a row of user_strategies. */
export const activationFields = {
  user_id: { type: 'text' },
  strategy_id: { type: 'text' },
  status: { type: 'text', kind: 'state', vital: true },
  allocation_amount: { type: 'money' },
  custom_parameters: { type: 'json', hidden: true },
  total_orders: { type: 'integer', minor: true },
  successful_orders: { type: 'integer', minor: true },
  total_pnl: { type: 'money', kind: 'gain' },
  activated_at: { type: 'time', minor: true },
  deactivated_at: { type: 'time', minor: true },
} as const satisfies Fields;

/** Figures of a strategy, for all users or for one. */
export const statsFields = {
  strategy_id: { type: 'text' },
  user_id: { type: 'text', hidden: true },
  active: { type: 'integer', minor: true },
  paused: { type: 'integer', minor: true },
  stopped: { type: 'integer', minor: true },
  allocation: { type: 'money' },
  orders: { type: 'integer' },
  filled_orders: { type: 'integer' },
  success_rate: { type: 'number', kind: 'percent' },
  realized_pnl: { type: 'money', kind: 'gain' },
  unrealized_pnl: { type: 'money', kind: 'gain' },
  open_positions: { type: 'integer', minor: true },
} as const satisfies Fields;

/** What became of an activation. */
export const turned =
  (done: string) =>
  ({ strategy_id, user_id, status }: RowOf<typeof activationFields>): Answer => ({
    done: `${done} ${strategy_id} for ${user_id} (${status})`,
  });

/** What became of a strategy. */
export const changed =
  (done: string) =>
  ({ strategy_id, name }: RowOf<typeof strategyFields>): Answer => ({
    done: `${done} ${strategy_id} (${name})`,
    next: ['strategy', 'show', strategy_id],
  });
