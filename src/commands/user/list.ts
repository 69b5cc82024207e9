import { defineCommand } from '../../cli/command.ts';
import { idKeyset, page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { USER_COLUMNS } from '../../trading/users/store.ts';
import { lastDays, sparklineFlag, trendFields, withTrends } from '../_shared/sparkline.ts';
import { userFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 1,
  args: {},
  flags: { ...sparklineFlag('in the last 30 days'), ...pageFlags },
  fields: { ...userFields, ...trendFields },
  madeBy: 'user add',
  examples: [
    'user list',
    'user list --json user_id,total_capital',
    'user list --sparkline',
    'user list --all --csv',
  ],
  async run(input, ctx: Context) {
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      async (limit, after) => {
        const users = db.selectFrom('users').select(USER_COLUMNS).orderBy('user_id').limit(limit);
        const rows = await (after ? users.where('user_id', '>', idKeyset<UserId>(after)) : users).execute();
        return withTrends(ctx, rows, input, 'user_id', ({ user_id }) => lastDays(user_id, ctx.now()));
      },
      (user) => [user.user_id],
    );
  },
});
