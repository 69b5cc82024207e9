import type { RawBuilder } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { changedIf, firstListed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { type Activated, byUser, cancelAndPause, countAffected, setHalt } from './halts.ts';
import { findScope, scopeOf } from './scope.ts';

/** Whom to halt, why, and SQL for the orders that are at the broker. */
export interface HaltRequest {
  user: UserId | undefined;
  all: boolean;
  reason: string;
  isAtBroker: RawBuilder<boolean>;
}

/**
 * The kill switch within the book: sets a halt, cancels the working orders that are not at the broker and pauses active
 * strategies of one user or, with `all`, of everyone, after a confirmation. Returns the orders that are left, too. Two
 * transactions: the halt is committed first. Throws HALT_UNFINISHED (exit 10) if the second one fails.
 */
export async function haltTrading(ctx: Context, { user, all, reason, isAtBroker }: HaltRequest) {
  const scope = scopeOf(user, all);
  const db = await ctx.db();
  await findScope(db, scope);
  const { orders, there, active } = await countAffected(db, scope.user_id, isAtBroker);
  const those = there > 0 ? `, ${there.toLocaleString('en-IN')} of them at the broker,` : '';
  const effect = `cancels ${pluralize(orders, 'working order')}${those} and pauses ${pluralize(active, 'strategy', 'strategies')}`;
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
      const { cancelled, paused, left } = await cancelAndPause(
        trx,
        { userId: scope.user_id, isAtBroker },
        at,
      );
      const counts = { orders_cancelled: cancelled.length, strategies_paused: paused.length };
      const [listed, ...more] = listsOf(paused);
      const result = { ...halted, ...counts, left };
      const body = {
        ...{ halt_id: halted.halt_id, ...counts, order_ids: firstListed(cancelled) },
        ...(left.length > 0 && { at_broker: left.length }),
        ...(listed && { strategies: listed }),
      };
      await writeAudits(
        trx.db,
        ctx.origin,
        more.map((strategies) => ({ target: scope.target, body: { halt_id: halted.halt_id, strategies } })),
      );
      const happened = cancelled.length + paused.length > 0;
      const outcome = changedIf(happened, result, scope.target, body);
      return left.length > 0 ? { ...outcome, unfinished: true as const } : outcome;
    })
    .catch((error) => {
      throw ctx.dryRun ? error : haltUnfinished(scope.name, 'working orders are not cancelled yet');
    });
}

const USERS_LISTED = 1_000;

/**
 * The strategies that were paused by user, in lists that fit an audit entry each: `strategy resume --halt` reads there which
 * they were.
 */
function listsOf(paused: readonly Activated[]): Record<string, string[]>[] {
  const users = [...byUser(paused)];
  const lists = Math.ceil(users.length / USERS_LISTED);
  return Array.from({ length: lists }, (_, i) =>
    Object.fromEntries(users.slice(i * USERS_LISTED, (i + 1) * USERS_LISTED)),
  );
}

/** HALT_UNFINISHED (exit 10): the halt is committed, and something of it is left to do. */
export function haltUnfinished(name: string, what: string): Failure {
  return new Failure('busy', 'HALT_UNFINISHED', `Trading is halted for ${name}, but ${what}.`, {
    hint: 'Run it again; with a longer --timeout if another session holds a lock.',
    retryable: true,
    changed: true,
  });
}
