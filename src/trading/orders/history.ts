import { type Kysely, sql } from 'kysely';
import { parseBody } from '../../audit/canonical-json.ts';
import type { Fields } from '../../cli/result.ts';
import type { OrderSide, PositionSide } from '../../domain/enums.ts';
import type { PositionId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { isObject } from '../../util/json.ts';
import type { Order } from '../ledger/order-store.ts';

/** A step in the life of an order. */
interface HistoryEvent {
  at: Instant;
  event: 'placed' | 'fill' | 'position' | 'notification' | 'audit';
  detail: string;
}

export const historyFields = {
  at: { type: 'time' },
  event: { type: 'text' },
  detail: { type: 'text' },
} as const satisfies Fields;

/** Everything that happened to an order, in time order, as far as the phase of the schema records it. */
export async function orderHistory({ db, phase }: Source, order: Order): Promise<HistoryEvent[]> {
  const audit = await auditOf(db, order);
  const events = [
    placement({ ...order, ...audit.find(isAmendment)?.body.before }),
    ...(phase < 2 ? [] : await fillsOf(db, order)),
    ...(phase < 3 ? [] : await notificationsOf(db, order)),
    ...audit.map(auditEvent),
  ];
  // The sort is stable, so that events of the same instant stay in the order of cause and effect.
  return events.sort((a, b) => Number(isBefore(b.at, a.at)) - Number(isBefore(a.at, b.at)));
}

function placement(order: Order): HistoryEvent {
  const terms = `${order.side} ${order.quantity} ${order.symbol} ${order.order_type}${atPrice(order)}`;
  return { at: order.created_at, event: 'placed', detail: terms };
}

const atPrice = ({ price = 0 }: Partial<Order>) => (price > 0 ? ` at ${price}` : '');

interface FillRow {
  fill_id: string;
  broker_fill_id: string;
  quantity: number;
  price: number;
  created_at: Instant;
  overfill: boolean;
  realized_pnl: Rupees;
  /** Null for what was taken over from another program. */
  position_id: PositionId | null;
  flipped_to: PositionId | null;
  side: PositionSide;
  is_first: boolean;
  is_last: boolean;
}

async function fillsOf(db: Kysely<Database>, order: Order): Promise<HistoryEvent[]> {
  const { rows } = await sql<FillRow>`
    SELECT f.fill_id, f.broker_fill_id, f.quantity, f.price, f.created_at, f.overfill, f.realized_pnl, f.position_id,
      f.flipped_to, p.side,
      NOT EXISTS (SELECT FROM order_fills e
        WHERE (e.position_id = p.position_id OR e.flipped_to = p.position_id) AND e.seq < f.seq) AS is_first,
      p.status = 'CLOSED' AND NOT EXISTS (
        SELECT FROM order_fills e WHERE e.position_id = p.position_id AND e.seq > f.seq) AS is_last
    FROM order_fills f LEFT JOIN positions p ON p.position_id = f.position_id
    WHERE f.order_id = ${order.order_id} ORDER BY f.seq`.execute(db);
  return rows.flatMap((fill): HistoryEvent[] => [
    {
      at: fill.created_at,
      event: 'fill',
      detail: `${fill.quantity} at ${fill.price}, broker fill ${fill.broker_fill_id}${fill.overfill ? ' (overfill)' : ''}`,
    },
    ...(fill.position_id === null
      ? []
      : [{ at: fill.created_at, event: 'position' as const, detail: effectOf(fill, order.side) }]),
  ]);
}

/** What a fill did to its position, in words. */
function effectOf(fill: FillRow, side: OrderSide): string {
  const name = `${fill.side} ${fill.position_id}`;
  if ((side === 'BUY') === (fill.side === 'LONG')) return `${fill.is_first ? 'opened' : 'added to'} ${name}`;
  const realized = `realized ${fill.realized_pnl}`;
  if (fill.flipped_to) return `closed ${name}, ${realized}; opened ${fill.flipped_to} with the rest`;
  return `${fill.is_last ? 'closed' : 'reduced'} ${name}, ${realized}`;
}

async function notificationsOf(db: Kysely<Database>, order: Order): Promise<HistoryEvent[]> {
  const { rows } = await sql<{ created_at: Instant; alert_level: string; title: string; message: string }>`
    SELECT created_at, alert_level, title, message FROM notifications
    WHERE user_id = ${order.user_id} AND created_at >= ${order.created_at}::timestamp
      AND data ->> 'order_id' = ${order.order_id}
    ORDER BY notification_id`.execute(db);
  return rows.map((row) => ({
    at: row.created_at,
    event: 'notification',
    detail: `${row.alert_level} ${row.title}: ${row.message}`,
  }));
}

interface AuditRow {
  at: Instant;
  actor: string;
  command: string;
  body: {
    /** The command that was refused, as the row of a denied attempt has it. */
    command?: string;
    before?: Partial<Order>;
    after?: Partial<Order>;
  };
}

/** Parses the body of an audit row, which any login that may append to the log can have written. */
function bodyOf(text: string): AuditRow['body'] {
  const body = parseBody(text);
  if (!isObject(body)) return {};
  const { command, before, after } = body;
  return {
    ...(typeof command === 'string' && { command }),
    before: plainValues(before),
    after: plainValues(after),
  };
}

const plainValues = (value: unknown) =>
  isObject(value)
    ? Object.fromEntries(Object.entries(value).filter(([, inner]) => typeof inner !== 'object'))
    : {};

async function auditOf(db: Kysely<Database>, order: Order): Promise<AuditRow[]> {
  const rows = await db
    .selectFrom('audit_log')
    .select(['at', 'actor', 'command', 'body'])
    .where('target', '=', `order ${order.order_id}`)
    .orderBy('id')
    .execute();
  return rows.map((row) => ({ ...row, body: bodyOf(row.body) }));
}

/** The row of an order has only its latest terms; the original ones are in the first amendment. */
const isAmendment = ({ command }: AuditRow) => command === 'order amend';

function auditEvent(row: AuditRow): HistoryEvent {
  const { at, actor, command, body } = row;
  const step = command === 'denied' ? `${body.command}, denied,` : command;
  const terms = isAmendment(row) ? `: ${body.after?.quantity}${atPrice({ ...body.after })}` : '';
  return { at, event: 'audit', detail: `${step} by ${actor}${terms}` };
}
