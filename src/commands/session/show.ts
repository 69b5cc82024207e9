import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, reference, requiredUnless } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { noSession } from '../../trading/sessions/store.ts';
import { findUser } from '../../trading/users/store.ts';
import { notFound, usage } from '../../util/failure.ts';
import { equityFields } from './fields.ts';
import { sessionPage } from './page.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 3,
  args: { session: requiredUnless('user', reference('SESSION', 'the session')) },
  flags: { user: optional(parsed(userId, 'USER', 'the running session of this user, or else the last')) },
  fields: equityFields,
  page: sessionPage,
  examples: ['session show --user trader_001', 'session show ses_01 --json equity,drawdown'],
  details: `While a session runs, equity is capital_at_start + total_pnl + the unrealized profit of the open positions, and
drawdown is how far equity is below peak_equity, in percent.`,
  async run({ session, user }, ctx: Context) {
    if (session !== undefined && user !== undefined)
      throw usage('Name one session, or a user with --user, not both.');
    const { findSessionEquity } = await import('../../trading/sessions/equity.ts');
    const db = await ctx.db();
    if (user === undefined) {
      const found = await findSessionEquity(db, 'session_id', session ?? '');
      if (!found) throw notFound('session', session ?? '', 'See: pinnacle session list');
      return found;
    }
    const found = await findSessionEquity(db, 'user_id', user);
    if (!found) throw noSession((await findUser(db, user)).user_id, 'session');
    return found;
  },
});
