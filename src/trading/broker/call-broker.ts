import { auditTarget, changed, type Outcome } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { Broker, BrokerAnswer, OrderTerms } from '../../domain/broker.ts';
import { mintId, type OrderId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { findOrder, lockOrder, type Order } from '../ledger/order-store.ts';
import { closeCall, openCall } from './journal.ts';

/** What became of an order that the broker was asked about. */
export interface Asked {
  order: Order;
  /** `skipped`: it was not asked at all. */
  outcome: BrokerAnswer['outcome'] | 'skipped';
  /** Why it was refused, or what is not known; '' for an accepted one. */
  detail: string;
}

interface Request<T extends OrderTerms> {
  order_id: OrderId;
  verb: 'place' | 'modify' | 'cancel';
  /** Looks at the locked order before the call goes out, and says what to ask. Throws where it must not go out. */
  prepare: (trx: Trx, before: Order) => Promise<T>;
  call: (terms: T) => Promise<BrokerAnswer>;
  /** What the answer changes of the order, locked again; without an outcome, the order stays as it is. */
  settle: (trx: Trx, before: Order, answer: BrokerAnswer) => Promise<Outcome<Order> | undefined>;
}

/**
 * Asks the broker for one thing about an order: the call is committed to the journal, goes out, and what became of it is
 * committed with what it changes. Between the two nothing is locked.
 */
export async function callBroker<T extends OrderTerms>(
  ctx: Context,
  broker: Pick<Broker, 'ready'>,
  request: Request<T>,
): Promise<Asked> {
  if (ctx.dryRun) throw new Error('a dry run asks the broker for nothing');
  const { order_id, verb, prepare, call, settle } = request;
  // Before the journal: what it has open is on its way, and not waiting for a login or a limit.
  const problem = await problemOf(ctx, broker.ready());
  if (problem !== undefined)
    return { order: await findOrder(await ctx.db(), order_id), outcome: 'unsent', detail: problem };
  const call_id = mintId('cal', ctx.now());
  const terms = await ctx.change(async (trx) => {
    const before = await lockOrder(trx, order_id);
    const asked = await prepare(trx, before);
    await openCall(trx, { call_id, user_id: before.user_id, order_id, verb, tag: asked.tag, request: asked });
    const body = { call_id, verb, terms: { ...asked } };
    return { ...changed(asked, auditTarget('order', order_id), body), unfinished: true };
  });
  const answer = await call(terms);
  const order = await ctx.change(async (trx) => {
    const before = await lockOrder(trx, order_id);
    await closeCall(trx, call_id, answer, instant(ctx.now()));
    const outcome = await settle(trx, before, answer);
    const after = outcome?.result ?? before;
    return changed(after, auditTarget('order', order_id), {
      call_id,
      outcome: answer.outcome,
      ...(outcome?.audit ? { change: outcome.audit.body } : {}),
    });
  });
  return { order, outcome: answer.outcome, detail: answer.outcome === 'accepted' ? '' : answer.reason };
}

/** Why nothing can be sent now; undefined if it can. Throws what is no failure of the broker or of logging in. */
async function problemOf(ctx: Context, ready: Promise<void>): Promise<string | undefined> {
  try {
    await ready;
    return undefined;
  } catch (error) {
    ctx.signal.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}
