import { type Fields, type Part, pickFields, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { heldFields, movedFields, movedOf, tableOf, workingFields } from '../_shared/related.ts';
import { lastDays } from '../_shared/sparkline.ts';
import { unitOfRule } from '../_shared/unit-of-rule.ts';
import { userFields } from './fields.ts';

const ABOUT = pickFields(userFields, [
  ...(['user_id', 'name', 'email', 'enabled', 'risk_tolerance', 'created_at', 'last_login'] as const),
]);
const CAPITAL: Fields = {
  total_capital: { type: 'money' },
  allocated: { type: 'money' },
  open_losses: { type: 'money' },
  free: { type: 'money' },
};
const HALT: Fields = {
  halt_id: { type: 'text' },
  user_id: { type: 'text' },
  reason: { type: 'text' },
  halted_by: { type: 'text' },
  halted_at: { type: 'time' },
};
const RULE: Fields = {
  rule_type: { type: 'text' },
  rule_value: { type: 'number', kind: unitOfRule },
  current_value: { type: 'number', kind: unitOfRule },
  is_violated: { type: 'boolean', kind: 'alarm' },
};
const SESSION: Fields = {
  session_id: { type: 'text' },
  status: { type: 'text', kind: 'state' },
  start_time: { type: 'time' },
  total_orders: { type: 'integer' },
  total_pnl: { type: 'money', kind: 'gain' },
  max_drawdown: { type: 'number', kind: 'percent' },
};

/** What a terminal shows of a user: with the capital, what stands in the way, and what goes on today. */
export async function userPage(found: RowOf<typeof userFields>, ctx: Context): Promise<Part[]> {
  const related = await import('../../trading/pages/related.ts');
  const source = await ctx.source();
  const user = found.user_id as UserId;
  const capital = await related.capitalOf(source, user);
  const moved = movedOf(await related.trendOf(source, 'user_id', lastDays(user, ctx.now())));
  const { rules, halts } = await related.risksOf(source, user);
  const sessions = await related.sessionsTodayOf(source, user);
  const held = await related.openPositionsOf(source, user);
  const working = await related.workingOrdersOf(source, user);
  return [
    { title: 'User', row: found, fields: ABOUT },
    { title: 'Capital', row: { ...found, ...capital }, fields: CAPITAL },
    { title: 'Realized P&L of 30 days', row: moved, fields: movedFields },
    tableOf('Halts', halts, HALT, 'risk', 'status', user),
    tableOf('Rules', rules, RULE, 'risk', 'list', user),
    tableOf('Sessions today', sessions, SESSION, 'session', 'list', '--user', user),
    tableOf('Open positions', held, heldFields, 'position', 'list', '--user', user),
    tableOf('Working orders', working, workingFields, 'order', 'list', '--user', user),
  ];
}
