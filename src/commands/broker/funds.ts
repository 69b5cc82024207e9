import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';

export const funds = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 4,
  args: { user: optional(parsed(userId, 'USER', 'one trader; all by default')) },
  flags: { all: toggle('every trader, which is the default') },
  fields: {
    user_id: { type: 'text' },
    net: { type: 'money' },
    available_cash: { type: 'money' },
    collateral: { type: 'money' },
    utilised: { type: 'money' },
    as_of: { type: 'time' },
    problem: { type: 'text' },
  },
  examples: ['broker funds trader_001', 'broker funds --all --json user_id,net'],
  details: `As the broker says them; the capital of a user in the book is another figure. Logs in where there is no session. Of several
traders, those whose funds cannot be read are rows with a problem (exit 6).`,
  async run({ user, all }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a trader or take all of them, not both.');
    const { readFundsOf } = await import('../../trading/broker/read-funds.ts');
    const rows = (await readFundsOf(ctx, user)).map((each) => {
      const row = 'row' in each ? each.row : undefined;
      return {
        user_id: each.user,
        net: row?.net ?? null,
        available_cash: row?.available_cash ?? null,
        collateral: row?.collateral ?? null,
        utilised: row?.utilised ?? null,
        as_of: row?.as_of ?? null,
        problem: 'problem' in each ? each.problem : null,
      };
    });
    return rows.some(({ problem }) => problem !== null) ? new Finding(rows) : rows;
  },
});
