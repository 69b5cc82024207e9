import { type RawBuilder, sql } from 'kysely';
import type { BrokerKind } from '../../domain/broker.ts';
import {
  BROKER_SINCE_STEP,
  hasStep,
  PAPER_SINCE_STEP,
  type Schema,
} from '../../platform/postgres/schema-phase.ts';

/**
 * SQL for an order of `orders` that is, or may be, at the broker: it has an id there, or was sent and no answer came. To mark
 * such an order CANCELLED would not end it. Without a broker, and for users without an account there, none is.
 */
export function isAtBroker(kind: BrokerKind | undefined, schema: Schema): RawBuilder<boolean> {
  if (kind === undefined || !hasStep(schema, BROKER_SINCE_STEP)) return sql<boolean>`false`;
  if (kind === 'paper' && !hasStep(schema, PAPER_SINCE_STEP)) return sql<boolean>`false`;
  return sql<boolean>`(${HAS_ID[kind]} OR EXISTS (
    SELECT FROM broker_calls c
    WHERE c.order_id = orders.order_id AND c.verb = 'place' AND c.resolved_at IS NULL))`;
}

/** Orders that were accepted by hand are not at the paper broker, which has its own. */
const HAS_ID: Readonly<Record<BrokerKind, RawBuilder<boolean>>> = {
  paper: sql`EXISTS (
    SELECT FROM paper_orders p WHERE p.user_id = orders.user_id AND p.broker_order_id = orders.broker_order_id)`,
  angelone: sql`(orders.broker_order_id <> '' AND EXISTS (
    SELECT FROM broker_accounts a WHERE a.user_id = orders.user_id))`,
  file: sql`orders.broker_order_id <> ''`,
};
