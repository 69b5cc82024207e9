import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import type { Strategy } from '../../domain/strategy.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { refused } from '../../util/failure.ts';
import { STRATEGY_COLUMNS } from './store.ts';

/** Adds a strategy. Throws STRATEGY_EXISTS. */
export function addStrategy(ctx: Context, strategy: Strategy) {
  return ctx.change(async (trx) => {
    const row = await trx.db
      .insertInto('strategies')
      .values({
        ...strategy,
        symbols: JSON.stringify(strategy.symbols),
        parameters: JSON.stringify(strategy.parameters),
        created_at: instant(ctx.now()),
      })
      .returning(STRATEGY_COLUMNS)
      .executeTakeFirstOrThrow()
      .catch((error) => {
        if (!violatedConstraint(error, 'strategies_pkey')) throw error;
        throw refused('STRATEGY_EXISTS', `There is already a strategy ${strategy.strategy_id}.`);
      });
    return changed(row, auditTarget('strategy', row.strategy_id), { strategy: row });
  });
}
