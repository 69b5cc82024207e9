import { changedIf } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { cancelAndPause, countAffected, setHalt } from './halts.ts';
import { findScope, scopeOf } from './scope.ts';

/**
 * The kill switch: sets a halt, cancels working orders and pauses active strategies of one user or, with `all`, of
 * everyone, after a confirmation. Two transactions: the halt is committed first. Throws HALT_UNFINISHED (exit 10) if
 * the second one fails.
 */
export async function haltTrading(
  ctx: Context,
  { user, all, reason }: { user: UserId | undefined; all: boolean; reason: string },
) {
  const scope = scopeOf(user, all);
  const db = await ctx.db();
  await findScope(db, scope);
  const { orders, active } = await countAffected(db, scope.user_id);
  const effect = `cancels ${pluralize(orders, 'working order')} and pauses ${pluralize(active, 'strategy', 'strategies')}`;
  await ctx.io.say(`Halting trading for ${scope.name} ${effect}.`);
  await ctx.confirm(`Halt trading for ${scope.name}?`);
  const at = instant(ctx.now());
  // Committed before cancelling waits for any lock: from then on no entry is accepted.
  const halted = await ctx.change(async (trx) => {
    const { halt, fresh } = await setHalt(trx, scope.user_id, reason, at);
    const title = `Trading is halted for ${scope.name}`;
    const notice = { notification_type: 'RISK_ALERT', alert_level: 'CRITICAL', title } as const;
    const data = { halt_id: halt.halt_id };
    if (fresh)
      await insertNotifications(trx, at, [{ ...notice, user_id: halt.user_id, message: reason, data }]);
    return { ...changedIf(fresh, halt, scope.target, { halt }), unfinished: true };
  });
  return ctx
    .change(async (trx) => {
      const outcome = await cancelAndPause(trx, scope.user_id, at);
      const happened = outcome.orders_cancelled + outcome.strategies_paused > 0;
      const body = { halt_id: halted.halt_id, ...outcome };
      return changedIf(happened, { ...halted, ...outcome }, scope.target, body);
    })
    .catch((error) => {
      throw ctx.dryRun ? error : unfinished(scope.name);
    });
}

function unfinished(name: string): Failure {
  return new Failure(
    'busy',
    'HALT_UNFINISHED',
    `Trading is halted for ${name}, but working orders are not cancelled yet.`,
    {
      hint: 'Run it again; with a longer --timeout if another session holds a lock.',
      retryable: true,
      changed: true,
    },
  );
}
