import { canonicalJson } from '../../audit/canonical-json.ts';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { StrategyId } from '../../domain/id.ts';
import type { Changes } from '../../domain/strategy.ts';
import { lockStrategy, STRATEGY_COLUMNS } from './store.ts';

/** Changes columns of a strategy; its id stays. Changes nothing if they already have these values. */
export function updateStrategy(ctx: Context, strategyId: StrategyId, changes: Omit<Changes, 'strategy_id'>) {
  return ctx.change(async (trx) => {
    const before = await lockStrategy(trx, strategyId);
    const columns = (Object.keys(changes) as (keyof typeof changes)[]).filter(
      (column) => canonicalJson(changes[column]) !== canonicalJson(before[column]),
    );
    if (columns.length === 0) return unchanged(before);
    const after = await trx.db
      .updateTable('strategies')
      .set(asStored(changes))
      .where('strategy_id', '=', strategyId)
      .returning(STRATEGY_COLUMNS)
      .executeTakeFirstOrThrow();
    const of = (row: typeof after) => Object.fromEntries(columns.map((column) => [column, row[column]]));
    return changed(after, auditTarget('strategy', strategyId), { before: of(before), after: of(after) });
  });
}

/** Columns as they are written: lists and objects as JSON text. */
function asStored({ symbols, parameters, ...plain }: Omit<Changes, 'strategy_id'>) {
  return {
    ...plain,
    ...(symbols && { symbols: JSON.stringify(symbols) }),
    ...(parameters && { parameters: JSON.stringify(parameters) }),
  };
}
