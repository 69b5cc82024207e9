import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { catchingUp } from './catching-up.ts';

export const drain = defineCommand({
  ...catchingUp,
  fields: { drained: { type: 'integer' }, pending: { type: 'integer' } },
  answer: ({ drained, pending }) => ({
    done: `Brought ${pluralize(Number(drained), 'change')} to Redis, ${pending} waiting`,
  }),
  examples: ['realtime drain', 'realtime drain --quiet'],
  details: `Every command projects its own changes to Redis after the commit. Changes stay in the outbox while Redis is unreachable;
this command projects them, oldest first. For cron, every minute. With an empty outbox it does not connect to Redis. Exits 8
if changes are still waiting.`,
  async run(_input, ctx: Context) {
    const { drainOutbox } = await import('../../projection/drain.ts');
    return drainOutbox(ctx);
  },
});
