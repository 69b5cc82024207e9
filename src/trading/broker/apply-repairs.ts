import { sql } from 'kysely';
import { auditTarget, changedIf, firstListed, type Outcome } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { isWorking, type OrderStatus } from '../../domain/enums.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import { rejectNotice } from '../../domain/notices.ts';
import { canTransition } from '../../domain/order-state.ts';
import type { Difference, Repair } from '../../domain/reconcile/difference.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { notFound } from '../../util/failure.ts';
import { bookFills } from '../ledger/book-fills.ts';
import { lockOrders, type Order } from '../ledger/order-store.ts';
import { insertNotifications } from '../notifications/notify.ts';

/** What was repaired. */
export interface Repaired {
  /** The differences that are no more. */
  repaired: readonly Difference[];
  accepted: number;
  fills: number;
  cancelled: number;
  rejected: number;
}

const NOTHING: Repaired = { repaired: [], accepted: 0, fills: 0, cancelled: 0, rejected: 0 };

/**
 * Makes the repairs of differences of one user, in one transaction with one audit entry; what has no repair is left. What
 * the book moved to since it was compared counts: a repair that does not apply any more is left as well, and an execution
 * is booked once, and orders that were sent after `asOf`, when the books of the broker were read, are left for the next
 * time. Orders that the broker does not have are counted as looked for. The number of statements does not depend on
 * the number of differences.
 */
export async function applyRepairs(
  ctx: Pick<Context, 'change'>,
  user: UserId,
  differences: readonly Difference[],
  asOf: Instant,
): Promise<Repaired> {
  if (differences.every(({ repair }) => repair === null)) return NOTHING;
  return ctx.change((trx) => repairWithin(trx, user, differences, asOf));
}

type RepairOf<K extends Repair['kind']> = Extract<Repair, { kind: K }>;

/** An order, and what is to become of it. */
interface Repairing {
  order: Order;
  /** After the acceptance and the executions. */
  status: OrderStatus;
}

/** The same within the transaction of the caller. */
async function repairWithin(
  trx: Trx,
  user: UserId,
  differences: readonly Difference[],
  asOf: Instant,
): Promise<Outcome<Repaired>> {
  const at = await lockUserNow(trx, user);
  const repairs = differences.flatMap(({ repair }) => repair ?? []);
  const orders = await lockOrders(trx, [...new Set(repairs.map(({ order_id }) => order_id))]);
  const later = await sentAfter(trx, user, asOf);
  const books = new Map<OrderId, Repairing>(
    orders
      .filter((order) => order.user_id === user && !later.has(order.order_id))
      .map((order) => [order.order_id, { order, status: order.status }]),
  );
  const accepted = await acceptAll(trx, ofKind(repairs, 'accept'), books, at);
  const fills = await bookAll(trx, ofKind(repairs, 'fill'), books, at);
  const ended = await endAll(trx, [...ofKind(repairs, 'cancel'), ...ofKind(repairs, 'reject')], books, at);
  await noteCalls(trx, { accepted, books, looks: ofKind(repairs, 'look'), at });
  const done = new Set<Repair>([...accepted, ...fills, ...ended]);
  const result: Repaired = {
    repaired: differences.filter(({ repair }) => repair !== null && done.has(repair)),
    accepted: accepted.length,
    fills: fills.length,
    cancelled: ended.filter(({ kind }) => kind === 'cancel').length,
    rejected: ended.filter(({ kind }) => kind === 'reject').length,
  };
  const { repaired, ...counts } = result;
  const ids = [...new Set([...done].map(({ order_id }) => order_id))].sort();
  return changedIf(repaired.length > 0, result, auditTarget('user', user), {
    reconciled: counts,
    orders: firstListed(ids),
    fills: firstListed(fills.map(({ order_id, broker_fill_id }) => ({ order_id, broker_fill_id }))),
    reasons: firstListed(ended.map(({ order_id, kind, reason }) => ({ order_id, kind, reason }))),
  });
}

const ofKind = <K extends Repair['kind']>(repairs: readonly Repair[], kind: K): RepairOf<K>[] =>
  repairs.filter((repair): repair is RepairOf<K> => repair.kind === kind);

/** Locks the user, as every change of the rows of a user does first; the time by the clock of the database. */
async function lockUserNow(trx: Trx, user: UserId): Promise<Instant> {
  const { rows } = await sql<{ now: Instant }>`
    SELECT clock_timestamp()::timestamp AS now FROM users WHERE user_id = ${user} FOR NO KEY UPDATE`.execute(
    trx.db,
  );
  if (!rows[0]) throw notFound('user', user, 'See: pinnacle user list');
  return rows[0].now;
}

/** The orders of a user that were sent at a time or later. */
async function sentAfter(trx: Trx, user: UserId, at: Instant): Promise<ReadonlySet<OrderId>> {
  const { rows } = await sql<{ order_id: OrderId }>`
    SELECT order_id FROM broker_calls
    WHERE user_id = ${user} AND resolved_at IS NULL AND sent_at >= ${at}::timestamp AND verb = 'place'`.execute(
    trx.db,
  );
  return new Set(rows.map(({ order_id }) => order_id));
}

/** Notes the ids of the broker; an order that was not accepted is. Returns what was not noted before. */
async function acceptAll(
  trx: Trx,
  accepts: readonly RepairOf<'accept'>[],
  books: ReadonlyMap<OrderId, Repairing>,
  at: Instant,
): Promise<RepairOf<'accept'>[]> {
  const rows = accepts.flatMap((repair) => {
    const book = books.get(repair.order_id);
    if (!book) return [];
    const { status, broker_order_id } = book.order;
    const isKnown = status !== 'PENDING' && broker_order_id !== '';
    if (isKnown || status === 'REJECTED' || repair.broker_order_id === '') return [];
    if (status === 'PENDING') book.status = 'PLACED';
    return [
      { repair, order_id: repair.order_id, broker_order_id: repair.broker_order_id, status: book.status },
    ];
  });
  if (rows.length === 0) return [];
  const source = unnest('n', { order_id: 'text', broker_order_id: 'text', status: 'text' }, rows);
  await sql`
    UPDATE orders o
    SET status = n.status::order_status, broker_order_id = n.broker_order_id, updated_at = ${at}::timestamp
    FROM ${source} WHERE o.order_id = n.order_id`.execute(trx.db);
  trx.touch(
    'order',
    rows.map(({ order_id }) => order_id),
  );
  return rows.map(({ repair }) => repair);
}

/** Books executions, whatever the quantity of their orders: the broker has them. Returns those that were not booked. */
async function bookAll(
  trx: Trx,
  repairs: readonly RepairOf<'fill'>[],
  books: ReadonlyMap<OrderId, Repairing>,
  at: Instant,
): Promise<RepairOf<'fill'>[]> {
  const wanted = repairs
    .filter(({ order_id }) => (books.get(order_id)?.status ?? 'REJECTED') !== 'REJECTED')
    .map((repair) => ({
      repair,
      fill: fillOf(repair, books.get(repair.order_id)?.order.created_at ?? at, at),
    }))
    .sort((a, b) => (isBefore(a.fill.executed_at, b.fill.executed_at) ? -1 : 1));
  if (wanted.length === 0) return [];
  const { fills, book } = await bookFills(
    trx,
    wanted.map(({ fill }) => fill),
    { allowOverfill: true },
  );
  for (const [id, { status }] of book.orders) {
    const repairing = books.get(id);
    if (repairing) repairing.status = status;
  }
  const booked = new Set(fills.map(({ order_id, broker_fill_id }) => `${order_id}\n${broker_fill_id}`));
  return wanted
    .filter(({ fill }) => booked.has(`${fill.order_id}\n${fill.broker_fill_id}`))
    .map(({ repair }) => repair);
}

/** An execution as it is booked: the clock of the broker may be behind that of the order, or ahead of ours. */
function fillOf(repair: RepairOf<'fill'>, created_at: Instant, booked_at: Instant) {
  const { order_id, broker_fill_id, quantity, price } = repair;
  const executed_at = isBefore(repair.executed_at, created_at)
    ? created_at
    : isBefore(booked_at, repair.executed_at)
      ? booked_at
      : repair.executed_at;
  return { order_id, broker_fill_id, quantity, price, executed_at, booked_at };
}

type End = RepairOf<'cancel'> | RepairOf<'reject'>;

/** Cancels and rejects what still works; a rejection notifies the user. Returns what ended. */
async function endAll(
  trx: Trx,
  ends: readonly End[],
  books: ReadonlyMap<OrderId, Repairing>,
  at: Instant,
): Promise<End[]> {
  const rows = ends.flatMap((repair) => {
    const book = books.get(repair.order_id);
    const status = repair.kind === 'cancel' ? 'CANCELLED' : 'REJECTED';
    if (!book || !isWorking(book.status) || !canTransition(book.status, status)) return [];
    // Somebody heard of it at the broker meanwhile.
    const isHeardOf = book.status !== 'PENDING' || book.order.broker_order_id !== '';
    if (repair.kind === 'reject' && repair.unsent && isHeardOf) return [];
    book.status = status;
    return [{ repair, order: book.order, order_id: repair.order_id, status, error_message: repair.reason }];
  });
  if (rows.length === 0) return [];
  const source = unnest('n', { order_id: 'text', status: 'text', error_message: 'text' }, rows);
  await sql`
    UPDATE orders o
    SET status = n.status::order_status, error_message = n.error_message, updated_at = ${at}::timestamp
    FROM ${source} WHERE o.order_id = n.order_id`.execute(trx.db);
  trx.touch(
    'order',
    rows.map(({ order_id }) => order_id),
  );
  await insertNotifications(
    trx,
    at,
    rows
      .filter(({ status }) => status === 'REJECTED')
      .map(({ order, error_message }) => rejectNotice(order, error_message)),
  );
  return rows.map(({ repair }) => repair);
}

interface Noted {
  accepted: readonly RepairOf<'accept'>[];
  books: ReadonlyMap<OrderId, Repairing>;
  looks: readonly RepairOf<'look'>[];
  at: Instant;
}

/** Notes in the journal what became of calls: of placements that are found, of all calls of orders that ended; and looks. */
async function noteCalls(trx: Trx, { accepted, books, looks, at }: Noted): Promise<void> {
  const found = new Map(accepted.map((repair) => [repair.order_id, repair.broker_order_id]));
  const rows = [...books.values()]
    .map(({ order, status }) => ({
      order_id: order.order_id,
      broker_order_id: found.get(order.order_id) ?? '',
      ended: !isWorking(status),
    }))
    .filter(({ broker_order_id, ended }) => ended || broker_order_id !== '');
  if (rows.length > 0)
    await sql`
      UPDATE broker_calls c
      SET resolved_at = ${at}::timestamp,
        broker_order_id = CASE WHEN n.broker_order_id = '' THEN c.broker_order_id ELSE n.broker_order_id END
      FROM ${unnest('n', { order_id: 'text', broker_order_id: 'text', ended: 'boolean' }, rows)}
      WHERE c.order_id = n.order_id AND c.resolved_at IS NULL AND (n.ended OR c.verb = 'place')`.execute(
      trx.db,
    );
  const missed = looks.flatMap(({ order_id }) =>
    books.get(order_id)?.status === 'PENDING' ? [order_id] : [],
  );
  if (missed.length > 0)
    await sql`
      UPDATE broker_calls SET looks = looks + 1
      WHERE order_id = ANY(${missed}) AND verb = 'place' AND resolved_at IS NULL`.execute(trx.db);
}
