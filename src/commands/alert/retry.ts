import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { deliveryFields } from './fields.ts';

export const retry = defineCommand({
  effect: 'write',
  roles: ['operator', 'cron'],
  phase: 4,
  repeat: 'resumes',
  args: { delivery: optional(identifier('DELIVERY', 'the message')) },
  flags: {
    channel: optional(identifier('CHANNEL', 'every message of this channel that is dead or failed')),
    all: toggle('every message that is dead or failed'),
  },
  fields: deliveryFields,
  examples: ['alert retry --all', 'alert retry --channel desk'],
  details: `Messages that were given up, and those that failed and wait for their channel. They keep their ids and are due at once, also
beyond the limit of their route; alert deliver sends them, for another day.`,
  async run({ delivery, channel, all }, ctx: Context) {
    const given = [delivery, channel].filter((word) => word !== undefined).length + Number(all);
    if (given !== 1) throw usage('Name a message, or give one of --channel and --all.');
    const { retryUnsent } = await import('../../operations/alerts/unsent.ts');
    return retryUnsent(ctx, { delivery, channel });
  },
});
