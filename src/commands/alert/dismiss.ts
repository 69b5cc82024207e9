import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, time, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { deliveryFields } from './fields.ts';

export const dismiss = defineCommand({
  effect: 'destroy',
  roles: ['operator', 'cron'],
  phase: 4,
  args: { delivery: optional(identifier('DELIVERY', 'the message')) },
  flags: {
    channel: optional(identifier('CHANNEL', 'every dead message of this channel')),
    all: toggle('every dead message'),
    before: optional(time('only those composed before this time, with --channel or --all')),
  },
  fields: deliveryFields,
  examples: [
    'alert dismiss --channel desk --yes',
    'alert dismiss --all --before "2026-01-30 09:00" --yes',
    'alert dismiss dlv_01KG6JMHA0G53SQ3ACHN8NHRXT --yes',
  ],
  details: `Removes messages that were given up and that nobody needs any more, so that status and doctor no longer name them. The audit log
keeps what they were; their notifications stay. What is still tried is not dismissed.`,
  async run({ delivery, channel, all, before }, ctx: Context) {
    const given = [delivery, channel].filter((word) => word !== undefined).length + Number(all);
    if (given !== 1) throw usage('Name a message, or give one of --channel and --all.');
    if (before !== undefined && delivery !== undefined) throw usage('--before needs --channel or --all.');
    const { dismissDead } = await import('../../operations/alerts/unsent.ts');
    return dismissDead(ctx, { delivery, channel, before });
  },
});
