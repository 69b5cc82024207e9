import { defineCommand } from '../../cli/command.ts';
import { formerly, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { sessionFields } from './fields.ts';

export const end = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'once',
  phase: 3,
  singleInstance: true,
  args: { user: formerly('flag', requiredUnless('all', parsed(userId, 'USER', 'the user'))) },
  flags: {
    all: toggle('every active session, at the end of the trading day'),
  },
  fields: sessionFields,
  examples: [
    'session end trader_001',
    'session end trader_001 --json total_pnl,max_drawdown',
    'session end --all',
  ],
  details: `The session ends with the present capital of the account. Positions and working orders stay unchanged. --all also takes
down what every user is worth, as report snapshot; what lacks a price is named.`,
  async run({ user, all }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    const { endAllSessions, endSession } = await import('../../trading/equity/end-sessions.ts');
    return user === undefined ? endAllSessions(ctx) : endSession(ctx, user);
  },
});
