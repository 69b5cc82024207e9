import type { Context } from '../../context.ts';
import { tradingZone } from '../trading-day.ts';
import { actionRow } from './action-row.ts';
import { type ActionFilter, readActions } from './store.ts';

/** More are of no use on a screen, and nobody has them. */
const MAX_LISTED = 10_000;

/** Corporate actions, the latest ex-date first. Throws PHASE_NEEDED. */
export async function listActions(ctx: Context, filter: ActionFilter) {
  const source = await ctx.source();
  return (await readActions(source, tradingZone(source), filter, MAX_LISTED)).map(actionRow);
}
