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
    trading: toggle('with --all: only users with an ACTIVE strategy'),
  },
  fields: { ...sessionFields, problem: { type: 'text', hidden: true, onlyWithFlag: 'all', optional: true } },
  answer: ({ session_id, user_id }) => ({
    done: `Started ${session_id} of ${user_id}`,
    next: ['session', 'show', session_id],
  }),
  examples: ['session start trader_001', 'session start --all', 'session start --all --trading'],
  details: `A user has at most one running session. It starts with the present capital of the account. --all is safe to repeat: it
names who has a session of today, and starts those of the others, whether or not they run a strategy, because orders are also
placed by hand; with --trading only of those who run one. A session that still runs since an earlier day is no session of today:
it is listed with the problem, and the command ends 6.`,
  async run({ user, all, trading }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    if (trading && !all) throw usage('--trading needs --all.');
    const { startAllSessions, startSession } = await import('../../trading/sessions/start-session.ts');
    return user === undefined ? startAllSessions(ctx, { onlyTrading: trading }) : startSession(ctx, user);
  },
});
