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
 * such an order CANCELLED would not end it. What the journal says is so whatever this machine is configured for; an id that
 * nothing was sent for counts only for the broker that is configured, and for users with an account there.
 */
export function isAtBroker(kind: BrokerKind | undefined, schema: Schema): RawBuilder<boolean> {
  if (!hasStep(schema, BROKER_SINCE_STEP)) return sql<boolean>`false`;
  const hasId =
    kind === undefined || (kind === 'paper' && !hasStep(schema, PAPER_SINCE_STEP))
      ? sql<boolean>`false`
      : HAS_ID[kind];
  return sql<boolean>`(${hasId} OR EXISTS (
    SELECT FROM broker_calls c
    WHERE c.order_id = orders.order_id AND c.verb = 'place'
      AND (c.resolved_at IS NULL OR (c.broker_order_id <> '' AND c.broker_order_id = orders.broker_order_id))))`;
}

/** Orders that were accepted by hand are not at the paper broker, which has its own. */
const HAS_ID: Readonly<Record<BrokerKind, RawBuilder<boolean>>> = {
  paper: sql`EXISTS (
    SELECT FROM paper_orders p WHERE p.user_id = orders.user_id AND p.broker_order_id = orders.broker_order_id)`,
  angelone: sql`(orders.broker_order_id <> '' AND EXISTS (
    SELECT FROM broker_accounts a WHERE a.user_id = orders.user_id))`,
  file: sql`orders.broker_order_id <> ''`,
};
