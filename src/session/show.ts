import { defineCommand } from '../cli/command.ts';
import { notFound, usage } from '../cli/errors.ts';
import { identifier, optional } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { findUser } from '../user/store.ts';
import { sessionFields } from './columns.ts';
import { noSession } from './store.ts';

export const show = defineCommand({
  effect: 'read',
  phase: 3,
  args: { session: optional(identifier('SESSION', 'the session')) },
  flags: { user: optional(identifier('USER', 'the running session of this trader, else the last')) },
  fields: {
    ...sessionFields,
    peak_equity: { type: 'number' },
    equity: { type: 'money' },
    drawdown: { type: 'number' },
  },
  examples: ['session show --user trader_001', 'session show ses_01 --json equity,drawdown'],
  details: `While a session runs, equity is capital_at_start + total_pnl + the unrealized profit of the open positions, and
drawdown how far it is below peak_equity, in percent.`,
  async run({ session, user }, ctx: Context) {
    const { findStanding } = await import('./standing.ts');
    if (session !== undefined && user === undefined) {
      const found = await findStanding(await ctx.db(), { session });
      if (!found) throw notFound('session', session, 'See: pinnacle session list');
      return found;
    }
    if (user === undefined || session !== undefined)
      throw usage('Name one session, or a trader with --user.');
    const db = await ctx.db();
    const found = await findStanding(db, { user });
    if (!found) throw noSession((await findUser(db, user)).user_id, 'session');
    return found;
  },
});
