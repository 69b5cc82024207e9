import { defineCommand } from '../../cli/command.ts';
import { formerly, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import { withFlag } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { leftFields, sessionFields, settled } from './fields.ts';

export const end = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'once',
  phase: 3,
  singleInstance: true,
  args: { user: formerly('flag', requiredUnless('all', parsed(userId, 'USER', 'the user'))) },
  flags: {
    all: toggle('every active session, at the end of the trading day'),
    requireFlat: toggle('with --all: end 6 if a user leaves positions or working orders'),
  },
  fields: { ...sessionFields, ...withFlag('all', leftFields) },
  answer: settled('Ended'),
  examples: [
    'session end trader_001',
    'session end trader_001 --json total_pnl,max_drawdown',
    'session end --all',
    'session end --all --require-flat --json user_id,open_positions,working_orders',
  ],
  details: `The session ends with the present capital of the account. Positions and working orders stay unchanged. --all also takes
down what every user is worth, as report snapshot; what lacks a price is named. It names who leaves positions, with their
unrealized P&L, and working orders; that ends 0 as well, unless --require-flat is given, which looks at users without a session, too.`,
  async run({ user, all, requireFlat }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    if (requireFlat && !all) throw usage('--require-flat needs --all.');
    const { endAllSessions, endSession } = await import('../../trading/equity/end-sessions.ts');
    return user === undefined ? endAllSessions(ctx, { mustBeFlat: requireFlat }) : endSession(ctx, user);
  },
});
