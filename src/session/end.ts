import { defineCommand } from '../cli/command.ts';
import { identifier } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { lockUser } from '../user/store.ts';
import { sessionFields } from './columns.ts';
import { noSession, SESSION_COLUMNS } from './store.ts';

export const end = defineCommand({
  effect: 'write',
  phase: 3,
  args: {},
  flags: { user: identifier('USER', 'the trader') },
  fields: sessionFields,
  examples: ['session end --user trader_001', 'session end --user trader_001 --json total_pnl,max_drawdown'],
  details:
    'It ends with the capital that the account has now. Positions and working orders stay as they are.',
  async run({ user }, ctx: Context) {
    const now = ctx.now().toISOString();
    return ctx.change(async (trx) => {
      const owner = await lockUser(trx, user);
      const session = await trx
        .updateTable('trading_sessions')
        .set({
          status: 'COMPLETED',
          end_time: now,
          capital_at_end: Number(owner.total_capital),
          updated_at: now,
        })
        .where('user_id', '=', user)
        .where('status', '=', 'ACTIVE')
        .returning(SESSION_COLUMNS)
        .executeTakeFirst();
      if (!session) throw noSession(user, 'active session');
      return { result: session, audit: { target: `session ${session.session_id}`, body: { session } } };
    });
  },
});
