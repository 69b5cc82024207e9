import { type Kysely, sql } from 'kysely';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { BrokerAnswer } from '../../domain/broker.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';

/** A call of the broker as it goes into the journal, before it goes out. */
export interface NewCall {
  call_id: string;
  user_id: UserId;
  order_id: OrderId;
  verb: 'place' | 'modify' | 'cancel';
  tag: string;
  /** The terms, without credentials. */
  request: object;
}

/** Writes a call to the journal. */
export async function openCall(trx: Trx, call: NewCall): Promise<void> {
  await trx.db
    .insertInto('broker_calls')
    .values({ ...call, request: JSON.stringify(call.request) })
    .execute();
}

/** Writes what became of a call; one that nobody knows the end of stays open. */
export async function closeCall(trx: Trx, callId: string, answer: BrokerAnswer, at: Instant): Promise<void> {
  // What never went out was refused, by ourselves.
  const outcome = answer.outcome === 'unsent' ? 'refused' : answer.outcome;
  await trx.db
    .updateTable('broker_calls')
    .set({
      answered_at: at,
      outcome,
      http_status: answer.http_status,
      answer: answer.answer.replaceAll('\0', ''),
      broker_order_id: answer.outcome === 'accepted' ? answer.broker_order_id : '',
      resolved_at: outcome === 'unknown' ? null : at,
    })
    .where('call_id', '=', callId)
    // A sync may know by now what this answer does not.
    .where('resolved_at', 'is', null)
    .execute();
}

/** The tags that an order was handed to the broker under, of all attempts. */
export async function tagsOf(db: Kysely<Database>, orderId: OrderId): Promise<string[]> {
  const calls = db.selectFrom('broker_calls').select('tag').where('verb', '=', 'place');
  return (await calls.where('order_id', '=', orderId).execute()).map(({ tag }) => tag);
}

/** How often an order was handed to the broker, and whether nobody knows what became of the last time. */
export async function attemptsOf(
  db: Kysely<Database>,
  orderId: OrderId,
): Promise<{ attempts: number; open: number }> {
  const { rows } = await sql<{ attempts: number; open: number }>`
    SELECT count(*)::int AS attempts, count(*) FILTER (WHERE resolved_at IS NULL)::int AS open
    FROM broker_calls WHERE order_id = ${orderId} AND verb = 'place'`.execute(db);
  return rows[0] ?? { attempts: 0, open: 0 };
}

/**
 * Ends the calls of a trader that are answered by other means: placements whose order has an id of the broker by now, or ended
 * before today, and all calls of orders that ended. Returns how many placements are left whose outcome nobody knows.
 */
export async function resolveCalls(
  ctx: Pick<Context, 'change' | 'db'>,
  user: UserId,
  dayStart: Instant,
): Promise<number> {
  const isSettled = sql`(o.order_id IS NULL OR (o.broker_order_id <> '' AND (c.verb = 'place' OR NOT ${IS_WORKING}))
    OR (NOT ${IS_WORKING} AND c.sent_at < ${dayStart}::timestamp))`;
  const open = sql`broker_calls c LEFT JOIN orders o ON o.order_id = c.order_id
    WHERE c.user_id = ${user} AND c.resolved_at IS NULL`;
  const { rows } = await sql<{ settled: number; unresolved: number }>`
    SELECT count(*) FILTER (WHERE ${isSettled})::int AS settled,
      count(*) FILTER (WHERE c.verb = 'place' AND NOT ${isSettled})::int AS unresolved
    FROM ${open}`.execute(await ctx.db());
  const { settled = 0, unresolved = 0 } = rows[0] ?? {};
  if (settled > 0)
    await ctx.change(async (trx) => {
      const { rows: calls } = await sql<{ call_id: string; order_id: OrderId }>`
        UPDATE broker_calls b SET resolved_at = clock_timestamp(),
          broker_order_id = CASE WHEN b.verb = 'place' THEN n.broker_order_id ELSE b.broker_order_id END
        FROM (SELECT c.call_id, coalesce(o.broker_order_id, '') AS broker_order_id FROM ${open} AND ${isSettled}) n
        WHERE b.call_id = n.call_id AND b.resolved_at IS NULL RETURNING b.call_id, b.order_id`.execute(
        trx.db,
      );
      return changedIf(calls.length > 0, calls, auditTarget('user', user), { resolved: firstListed(calls) });
    });
  return unresolved;
}

/** The failure for an order that may be at the broker, or not. */
export const unresolved = (orderId: OrderId, user: UserId) =>
  refused(
    'CALL_UNRESOLVED',
    `Order ${orderId} was sent to the broker, and no answer came: it may be there.`,
    `Nothing is sent twice. Run: pinnacle broker sync ${user}`,
  );
