import { type Part, pickFields, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { StrategyId } from '../../domain/id.ts';
import { movedFields, movedOf, tableOf } from '../_shared/related.ts';
import { lastDays } from '../_shared/sparkline.ts';
import { activationFields, strategyFields } from './fields.ts';

const ABOUT = pickFields(strategyFields, [
  ...(['strategy_id', 'name', 'description', 'category', 'symbols', 'is_active', 'created_at'] as const),
]);
const TERMS = pickFields(strategyFields, [
  ...(['risk_level', 'min_capital', 'expected_return_annual', 'max_drawdown', 'parameters'] as const),
]);
const ACTIVATION = pickFields(activationFields, [
  ...([
    'user_id',
    'status',
    'allocation_amount',
    'total_orders',
    'successful_orders',
    'total_pnl',
    'activated_at',
  ] as const),
]);

/** What a terminal shows of a strategy: with who runs it and how its P&L moved; with --user, the activation of that user. */
export async function strategyPage(found: RowOf<typeof strategyFields>, ctx: Context): Promise<Part[]> {
  const { activationsOf, trendOf } = await import('../../trading/pages/related.ts');
  const source = await ctx.source();
  const strategy = found.strategy_id as StrategyId;
  const moved = movedOf(await trendOf(source, 'strategy_id', lastDays(strategy, ctx.now())));
  const isOfUser = 'user_id' in found;
  const activations = isOfUser ? [found] : await activationsOf(source, strategy);
  return [
    { title: 'Strategy', row: found, fields: ABOUT },
    { title: 'Terms', row: found, fields: TERMS },
    { title: 'Realized P&L of 30 days', row: moved, fields: movedFields },
    tableOf(isOfUser ? 'Activation' : 'Activations', activations, ACTIVATION, 'strategy', 'stats', strategy),
  ];
}
