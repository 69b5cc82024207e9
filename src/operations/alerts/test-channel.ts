import type { Context } from '../../context.ts';
import { mintId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { send } from '../../platform/delivery/send.ts';
import { ALERTS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { readTradingZone } from '../../trading/trading-day.ts';
import { openChannel } from './open-channel.ts';

/** Sends a message that says that it is a test, once, and gives what came back. Throws ALERT_CHANNEL_NOT_FOUND. */
export async function testChannel(ctx: Context, channel: string) {
  const source = await ctx.source();
  needStep(source, ALERTS_SINCE_STEP);
  const opened = await openChannel(ctx, source.db, channel);
  const at = ctx.now();
  const delivery_id = mintId('dlv', at);
  const title = `Test of the channel ${channel}`;
  const sent = await send(opened, {
    id: delivery_id,
    message: {
      title,
      level: 'INFO',
      count: 1,
      notices: [
        {
          notification_id: delivery_id,
          user_id: null,
          notification_type: 'SERVICE_RESTORED',
          alert_level: 'INFO',
          title,
          message: 'Nothing happened: somebody tries whether alerts arrive.',
          created_at: instant(at),
          times: 1,
        },
      ],
      more: 0,
      note: '',
    },
    composedAt: at,
    at,
    timeZone: await readTradingZone(source),
    signal: ctx.signal,
  });
  ctx.signal.throwIfAborted();
  const problem = sent.outcome === 'sent' ? '' : sent.reason;
  const provider_id = sent.outcome === 'sent' ? sent.provider_id : '';
  return {
    row: { channel, delivery_id, outcome: sent.outcome, problem, provider_id },
    away: sent.outcome !== 'sent' && sent.away,
  };
}
