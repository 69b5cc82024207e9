import { sql } from 'kysely';
import type { Context } from '../../context.ts';

/** Refuses who may not book (exit 12), also where there turns out to be nothing to book. */
export async function checkMayBook(ctx: Pick<Context, 'db'>): Promise<void> {
  await sql`SELECT FROM orders WHERE false FOR UPDATE`.execute(await ctx.db());
}
