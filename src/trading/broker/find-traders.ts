import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { BrokerKind } from '../../domain/broker.ts';
import type { UserId } from '../../domain/id.ts';

/** The users who may have something at the broker, by id: those with an account there; where none is needed, everybody. */
export async function tradersAt(ctx: Pick<Context, 'db'>, kind: BrokerKind): Promise<UserId[]> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM users u
    ${kind === 'angelone' ? sql`WHERE EXISTS (SELECT FROM broker_accounts a WHERE a.user_id = u.user_id)` : sql``}
    ORDER BY user_id`.execute(await ctx.db());
  return rows.map(({ user_id }) => user_id);
}
