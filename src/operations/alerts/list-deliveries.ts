import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { AlertMessage, ChannelState, DeliveryState } from '../../domain/alerts/message.ts';
import type { Instant } from '../../domain/instant.ts';
import { CHANNEL_STATE_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';

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
  channel_state: ChannelState | null;
  last_error: string;
  provider_id: string;
}

export const DELIVERY_COLUMNS = sql`delivery_id, channel, route_id, state, attempts, message, created_at,
  CASE WHEN state = 'PENDING' THEN next_at END AS next_at, sent_at, channel_state, last_error, provider_id`;

/** The row of a message. */
export const deliveryRow = ({ message: { title, level, count }, ...row }: Listed) => ({
  ...row,
  title,
  level,
  notifications: count,
});

/** Messages in some states, of a channel or of all, the newest first; where nothing can be sent, says what is missing. */
export async function listDeliveries(
  ctx: Context,
  {
    channel,
    states,
    limit,
  }: { channel: string | undefined; states: readonly DeliveryState[]; limit: number },
) {
  const source = await ctx.source();
  needStep(source, CHANNEL_STATE_SINCE_STEP);
  const { rows } = await sql<Listed>`
    SELECT ${DELIVERY_COLUMNS} FROM alert_deliveries
    WHERE state = ANY(${[...states]}::text[]) ${channel === undefined ? sql`` : sql`AND channel = ${channel}`}
    ORDER BY created_at DESC, delivery_id DESC LIMIT ${limit}`.execute(source.db);
  if (rows.length === 0) await sayWhatIsMissing(ctx, source);
  return rows.map(deliveryRow);
}

/** Of a channel and a route, without which no message is composed. */
async function sayWhatIsMissing(ctx: Context, { db }: Source): Promise<void> {
  const anyOf = async (table: 'alert_channels' | 'alert_routes') =>
    (await db.selectFrom(table).select('channel').limit(1).executeTakeFirst()) !== undefined;
  if (!(await anyOf('alert_channels')))
    await ctx.io.say(
      'There is no channel that could send alerts.\n  To make one: pinnacle alert channel add --help',
    );
  else if (!(await anyOf('alert_routes')))
    await ctx.io.say('No route says what is sent.\n  To make one: pinnacle alert route add --help');
}
