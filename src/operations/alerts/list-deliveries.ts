import { sql } from 'kysely';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { AlertMessage, DeliveryState } from '../../domain/alerts/message.ts';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { ALERTS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { notFound } from '../../util/failure.ts';

interface Listed {
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

const COLUMNS = sql`delivery_id, channel, route_id, state, attempts, message, created_at,
  CASE WHEN state = 'PENDING' THEN next_at END AS next_at, sent_at, last_error, provider_id`;

const rowOf = ({ message: { title, level, count }, ...row }: Listed) => ({
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
  const { rows } = await sql<Listed>`
    SELECT ${COLUMNS} FROM alert_deliveries
    WHERE state = ANY(${[...states]}::text[]) ${channel === undefined ? sql`` : sql`AND channel = ${channel}`}
    ORDER BY created_at DESC, delivery_id DESC LIMIT ${limit}`.execute(source.db);
  return rows.map(rowOf);
}

/**
 * Lets dead messages be tried again for a day, under their ids: one, those of a channel, or all. Throws ALERT_DELIVERY_NOT_FOUND for
 * one that is not there or not dead.
 */
export async function retryDead(
  ctx: Context,
  which: { delivery?: string | undefined; channel?: string | undefined },
) {
  needStep(await ctx.source(), ALERTS_SINCE_STEP);
  const { delivery, channel } = which;
  return ctx.change(async ({ db }) => {
    const now = instant(ctx.now());
    const give_up_at = instant(new Date(ctx.now().getTime() + RETRY_WINDOW_MS));
    const { rows } = await sql<Listed>`
      UPDATE alert_deliveries SET state = 'PENDING', attempts = 0, next_at = ${now}::timestamp,
        give_up_at = ${give_up_at}::timestamp
      WHERE state = 'DEAD' ${delivery === undefined ? sql`` : sql`AND delivery_id = ${delivery}`}
        ${channel === undefined ? sql`` : sql`AND channel = ${channel}`}
      RETURNING ${COLUMNS}`.execute(db);
    if (rows.length === 0 && delivery !== undefined)
      throw notFound('dead alert', delivery, 'See: pinnacle alert status --state DEAD');
    const ids = rows.map(({ delivery_id }) => delivery_id);
    const target = delivery === undefined ? 'alerts' : auditTarget('alert', delivery);
    return changedIf(rows.length > 0, rows.map(rowOf), target, {
      retried: ids.length,
      first: firstListed(ids),
    });
  });
}
