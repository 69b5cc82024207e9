import { sql } from 'kysely';
import type { AlertMessage, DeliveryState } from '../../domain/alerts/message.ts';
import type { Instant } from '../../domain/instant.ts';
import { ALERTS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { isFailing } from './channel-state.ts';

/** A message as it is read. */
export interface Listed {
  delivery_id: string;
  channel: string;
  route_id: string;
  state: DeliveryState;
  attempts: number;
  message: AlertMessage;
  created_at: Instant;
  next_at: Instant | null;
  sent_at: Instant | null;
  last_error: string;
  provider_id: string;
}

export const DELIVERY_COLUMNS = sql`delivery_id, channel, route_id, state, attempts, message, created_at,
  CASE WHEN state = 'PENDING' THEN next_at END AS next_at, sent_at, last_error, provider_id`;

/** The row of a message. */
export const deliveryRow = <L extends Listed>({ message: { title, level, count }, ...row }: L) => ({
  ...row,
  title,
  level,
  notifications: count,
});

/** Messages in some states, of a channel or of all, the newest first. */
export async function listDeliveries(
  source: Source,
  {
    channel,
    states,
    limit,
  }: { channel: string | undefined; states: readonly DeliveryState[]; limit: number },
) {
  needStep(source, ALERTS_SINCE_STEP);
  const { rows } = await sql<Listed & { failing: boolean }>`
    SELECT ${DELIVERY_COLUMNS}, ${isFailing('d')} AS failing FROM alert_deliveries AS d
    WHERE state = ANY(${[...states]}::text[]) ${channel === undefined ? sql`` : sql`AND channel = ${channel}`}
    ORDER BY created_at DESC, delivery_id DESC LIMIT ${limit}`.execute(source.db);
  return rows.map(deliveryRow);
}
