import { type Kysely, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BrokerAnswer } from '../../domain/broker.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';

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
    .execute();
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

/** The failure for an order that may be at the broker, or not. */
export const unresolved = (orderId: OrderId, user: UserId) =>
  refused(
    'CALL_UNRESOLVED',
    `Order ${orderId} was sent to the broker, and no answer came: it may be there.`,
    `Nothing is sent twice. Run: pinnacle broker sync ${user}`,
  );
