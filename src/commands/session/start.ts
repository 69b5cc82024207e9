import { defineCommand } from '../../cli/command.ts';
import { formerly, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { sessionFields } from './fields.ts';

export const start = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'once',
  phase: 3,
  args: { user: formerly('flag', requiredUnless('all', parsed(userId, 'USER', 'the user'))) },
  flags: {
    all: toggle('every enabled user without one, at the begin of the trading day'),
  },
  fields: sessionFields,
  answer: ({ session_id, user_id }) => ({
    done: `Started ${session_id} of ${user_id}`,
    next: ['session', 'show', session_id],
  }),
  examples: ['session start trader_001', 'session start --all'],
  details: 'A user has at most one running session. It starts with the present capital of the account.',
  async run({ user, all }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    const { startAllSessions, startSession } = await import('../../trading/sessions/start-session.ts');
    return user === undefined ? startAllSessions(ctx) : startSession(ctx, user);
  },
});
