import { type Part, pickFields, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { filledFields, heldFields, movedFields, movedOf, tableOf } from '../_shared/related.ts';
import { equityFields } from './fields.ts';

const ABOUT = pickFields(equityFields, ['session_id', 'status', 'user_id', 'start_time', 'end_time']);
const RESULT = {
  ...pickFields(equityFields, ['total_pnl', 'total_orders', 'successful_orders']),
  ...movedFields,
};
const CAPITAL = pickFields(equityFields, [
  ...(['capital_at_start', 'capital_at_end', 'equity', 'peak_equity', 'drawdown', 'max_drawdown'] as const),
]);

/** What a terminal shows of a session: with how its P&L moved, its fills, and, while it runs, what is open. */
export async function sessionPage(found: RowOf<typeof equityFields>, ctx: Context): Promise<Part[]> {
  const { fillsOf, openPositionsOf, trendOf } = await import('../../trading/pages/related.ts');
  const source = await ctx.source();
  const { session_id, start_time, end_time } = found;
  const user = found.user_id as UserId;
  const now = ctx.now().toISOString();
  const span = { id: user, since: start_time ?? now, until: end_time ?? now };
  const fills = await fillsOf(source, 'session_id', String(session_id));
  const moved = movedOf(await trendOf(source, 'user_id', span));
  const isRunning = found.status === 'ACTIVE';
  const held = isRunning ? await openPositionsOf(source, user) : [];
  return [
    { title: 'Session', row: found, fields: ABOUT },
    { title: 'Result', row: { ...found, ...moved }, fields: RESULT },
    { title: 'Capital', row: found, fields: CAPITAL },
    tableOf('Fills', fills, filledFields, 'fill', 'list', '--user', user, '--since', span.since),
    ...(isRunning ? [tableOf('Open positions', held, heldFields, 'position', 'list', '--user', user)] : []),
  ];
}
