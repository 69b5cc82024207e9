import type { RawBuilder } from 'kysely';
import { writeFurtherOrders } from '../../audit/further-orders.ts';
import { writeAudits } from '../../audit/log.ts';
import { changedIf, firstListed, listsOf } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { type Activated, byUser, cancelAndPause, countAffected, setHalt } from './halts.ts';
import { findScope, type Scope } from './scope.ts';

/** Which orders a halt cancels within the book, as SQL about `orders`. */
export interface HaltedOrders {
  /** Those that are at the broker, which cancels them. */
  isAtBroker: RawBuilder<boolean>;
  /** Those that go on working. */
  isSpared: RawBuilder<boolean>;
}

/** What halting somebody, or everyone, does to orders and strategies, in a sentence. Throws USER_NOT_FOUND. */
export async function describeHalt(
  ctx: Pick<Context, 'db'>,
  scope: Scope,
  { isAtBroker, isSpared }: HaltedOrders,
): Promise<string> {
  const db = await ctx.db();
  await findScope(db, scope);
  const { orders, there, active } = await countAffected(db, scope.user_id, { isAtBroker, isSpared });
  const those = there > 0 ? `, ${there.toLocaleString('en-IN')} of them at the broker,` : '';
  const effect = `cancels ${pluralize(orders, 'working order')}${those} and pauses ${pluralize(active, 'strategy', 'strategies')}`;
  return `Halting trading for ${scope.name} ${effect}.`;
}

/**
 * The kill switch within the book: sets a halt, cancels the working orders that are neither at the broker nor spared, and pauses
 * active strategies of one user or of everyone. Returns the orders that are left at the broker, too. Two transactions: the halt
 * is committed first. Throws HALT_UNFINISHED (exit 10) if the second one fails.
 */
export async function haltTrading(
  ctx: Context,
  scope: Scope,
  { reason, ...orders }: HaltedOrders & { reason: string },
) {
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
      const { cancelled, paused, left } = await cancelAndPause(trx, { userId: scope.user_id, ...orders }, at);
      const counts = { orders_cancelled: cancelled.length, strategies_paused: paused.length };
      const [listed, ...more] = pausedLists(paused);
      const result = { ...halted, ...counts, at_broker: left.length, left };
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
      await writeFurtherOrders(
        trx.db,
        ctx.origin,
        { target: scope.target, body: { halt_id: halted.halt_id } },
        cancelled,
      );
      const happened = cancelled.length + paused.length > 0;
      const outcome = changedIf(happened, result, scope.target, body);
      return left.length > 0 ? { ...outcome, unfinished: true as const } : outcome;
    })
    .catch(async (error) => {
      if (ctx.dryRun) throw error;
      throw haltUnfinished(scope.name, 'working orders are not cancelled yet', await ctx.explain(error));
    });
}

/**
 * The strategies that were paused by user, in lists that fit an audit entry each: `strategy resume --halt` reads there which
 * they were.
 */
const pausedLists = (paused: readonly Activated[]): Record<string, string[]>[] =>
  listsOf([...byUser(paused)]).map(Object.fromEntries);

/** HALT_UNFINISHED (exit 10): the halt is committed, and something of it is left to do, for a cause in the operator's words. */
export function haltUnfinished(name: string, what: string, cause: unknown): Failure {
  const { message = '', details = {} }: Partial<Failure> = cause instanceof Failure ? cause : {};
  const helps = !details.retryable && details.hint !== undefined;
  return new Failure(
    'busy',
    'HALT_UNFINISHED',
    `Trading is halted for ${name}, but ${what}. ${message}`.trim(),
    {
      hint: helps
        ? `${details.hint} Then run it again.`
        : 'Run it again; with a longer --timeout if another session holds a lock.',
      retryable: !helps,
      changed: true,
    },
  );
}
