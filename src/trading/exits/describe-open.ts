import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { formatRupees } from '../../domain/money.ts';
import { pluralize } from '../../util/text.ts';
import { countWorking } from '../ledger/cancel-orders.ts';
import { ofUser } from '../of-user.ts';
import { findActiveHalts } from '../risk/store.ts';
import { findUser } from '../users/store.ts';

/** What closing every open position of a user, or of everyone, is about, as a question. Throws USER_NOT_FOUND. */
export async function describeOpen(ctx: Context, user: UserId | undefined): Promise<string> {
  const db = await ctx.db();
  if (user !== undefined) await findUser(db, user);
  const { rows } = await sql<{ positions: number; users: number; unrealized: string }>`
    SELECT count(*)::int AS positions, count(DISTINCT user_id)::int AS users,
      coalesce(sum(round(unrealized_pnl::numeric, 2)), 0.00)::text AS unrealized
    FROM positions WHERE status = 'OPEN' ${ofUser('positions', user)}`.execute(db);
  const { positions = 0, users = 0, unrealized = '0.00' } = rows[0] ?? {};
  const whose = user ?? pluralize(users, 'user');
  return `Close ${pluralize(positions, 'open position')} of ${whose}, with ${formatRupees(unrealized)} unrealized?`;
}

/** Says what may open again what is closed: strategies while trading is not halted, and orders that work. */
export async function warnOfEntries(ctx: Context, user: UserId | undefined): Promise<void> {
  const db = await ctx.db();
  const halts = await findActiveHalts(db, user);
  const halt = `pinnacle risk halt ${user ?? '--all'}`;
  if (!halts.some(({ user_id }) => user_id === null || user_id === user))
    await ctx.io.warn(`Trading is not halted: strategies may enter again. To stop them: ${halt}`);
  const working = await countWorking(db, { user });
  if (working > 0)
    await ctx.io.warn(
      `${pluralize(working, 'order works', 'orders work')} still, and may open positions again. To cancel them: ${halt}`,
    );
}
