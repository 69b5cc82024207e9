import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderStatus, OrderType } from '../../domain/enums.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import type { Schema } from '../../platform/postgres/schema-phase.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import { productOf } from '../ledger/product.ts';
import { ofUser } from '../of-user.ts';
import { POSITION_COLUMNS, type Position } from '../positions/store.ts';

/** An open position, and the first working order that would reduce it. */
export interface OpenPosition extends Position {
  closing: OrderId | null;
  closing_type: OrderType | null;
  closing_state: OrderStatus | null;
  /** Shares that it may still fill. */
  closing_rest: number | null;
  /** Whether another program left a position of the other side open under the same key. */
  is_opposed: boolean;
}

/**
 * Locks the users of open positions, of one user or of all, then the positions; by user and id. With `onlyExits` no other working
 * order is looked at than those that `isExit` describes.
 */
export async function lockOpen(
  trx: Trx,
  user: UserId | undefined,
  { onlyExits = false } = {},
): Promise<OpenPosition[]> {
  await sql`
    SELECT FROM users WHERE user_id IN (SELECT user_id FROM positions WHERE status = 'OPEN' ${ofUser('positions', user)})
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const { rows } = await sql<OpenPosition>`
    SELECT ${sql.join(POSITION_COLUMNS.map((name) => sql.ref(`p.${name}`)))}, ${productOf(trx, 'p')} AS product,
      c.order_id AS closing, c.order_type AS closing_type, c.status AS closing_state, c.rest AS closing_rest,
      EXISTS (
        SELECT FROM positions q WHERE q.status = 'OPEN' AND ${isOfSameKey(trx, 'q')} AND q.side <> p.side) AS is_opposed
    FROM positions p LEFT JOIN LATERAL (${firstReducing(trx, onlyExits ? IS_WHOLE : sql`true`)}) c ON true
    WHERE p.status = 'OPEN' ${ofUser('p', user)}
    ORDER BY p.user_id, p.position_id FOR NO KEY UPDATE OF p`.execute(trx.db);
  return rows;
}

/** SQL for an order of `orders` that closes a position already: the first MARKET order for exactly its shares. */
export const isExit = (schema: Schema, user: UserId | undefined): RawBuilder<boolean> => sql<boolean>`
  (orders.order_id IN (
    SELECT c.order_id FROM positions p CROSS JOIN LATERAL (${firstReducing(schema, IS_WHOLE)}) c
    WHERE p.status = 'OPEN' ${ofUser('p', user)}))`;

/** SQL for a row of orders or positions that a position `p` nets with. */
const isOfSameKey = (schema: Schema, row: string) => sql`${sql.ref(`${row}.user_id`)} = p.user_id
  AND ${sql.ref(`${row}.symbol`)} = p.symbol
  AND coalesce(${sql.ref(`${row}.strategy_id`)}, '') = coalesce(p.strategy_id, '')
  AND coalesce(${productOf(schema, row)}, '') = coalesce(${productOf(schema, 'p')}, '')`;

const IS_WHOLE = sql`o.order_type = 'MARKET' AND o.quantity - o.filled_quantity = abs(p.quantity)`;

/** A query for the first working order that would reduce a position `p`. */
const firstReducing = (schema: Schema, which: RawBuilder<unknown>) => sql`
  SELECT o.order_id, o.order_type, o.status, o.quantity - o.filled_quantity AS rest FROM orders o
  WHERE ${isOfSameKey(schema, 'o')} AND ${IS_WORKING} AND ${which}
    AND ((p.side = 'LONG' AND o.side = 'SELL') OR (p.side = 'SHORT' AND o.side = 'BUY'))
  ORDER BY o.order_id LIMIT 1`;
