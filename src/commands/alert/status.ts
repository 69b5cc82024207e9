import { defineCommand } from '../../cli/command.ts';
import { choice, identifier, integer, optional, withDefault } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { DELIVERY_STATES } from '../../domain/alerts/message.ts';
import { deliveryFields } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  phase: 4,
  args: {},
  flags: {
    channel: optional(identifier('CHANNEL', 'only this channel')),
    state: optional(choice(DELIVERY_STATES, 'STATE', 'only this state; without it, all that were not sent')),
    limit: withDefault(integer('N', 'how many at most', 1, 10_000), '100'),
  },
  fields: deliveryFields,
  examples: [
    'alert status',
    'alert status --state DEAD --json delivery_id,last_error',
    'alert status --channel desk --state SENT',
  ],
  details: `The newest message first. Ends 6 where one of them is dead: given up because it was refused, or not sent for a day; and where
the channel of one needs somebody (channel_state FAILING; WAITING for one that is busy or away). alert retry tries those again, alert dismiss removes what is dead. How many notifications wait for a message is in alert channel list.`,
  async run({ channel, state, limit }, ctx: Context) {
    const { listDeliveries } = await import('../../operations/alerts/list-deliveries.ts');
    const states = state === undefined ? (['PENDING', 'DEAD'] as const) : [state];
    const rows = await listDeliveries(ctx, { channel, states, limit });
    return rows.some((row) => row.state === 'DEAD' || row.channel_state === 'FAILING')
      ? new Finding(rows)
      : rows;
  },
});
