import type { RawBuilder } from 'kysely';
import type { Context } from '../../context.ts';
import { batchesOf } from '../../platform/postgres/export-query.ts';
import { requireNamed } from '../strategies/require-named.ts';
import { type MonthRow, monthsQuery } from './months.ts';
import { type RoundTrip, roundTripsQuery, type TradeFilter } from './round-trips.ts';
import type { Scope } from './scope.ts';

/** The months of a user, or of all; throws USER_NOT_FOUND. */
export const readMonths = async (ctx: Context, scope: Scope): Promise<AsyncIterable<MonthRow>> =>
  rowsOf(ctx, scope, monthsQuery(await ctx.source(), scope));

/** The trades of a scope; throws USER_NOT_FOUND or STRATEGY_NOT_FOUND. */
export async function readRoundTrips(ctx: Context, filter: TradeFilter): Promise<AsyncIterable<RoundTrip>> {
  const { broker } = await ctx.config();
  return rowsOf(ctx, filter, roundTripsQuery(await ctx.source(), filter, broker.exchange));
}

async function rowsOf<R extends object>(
  ctx: Context,
  scope: Scope,
  query: RawBuilder<R>,
): Promise<AsyncIterable<R>> {
  const connection = await ctx.connection();
  await requireNamed(connection.kysely, scope);
  async function* rows() {
    for await (const batch of batchesOf(connection, query)) {
      ctx.signal.throwIfAborted();
      yield* batch;
    }
  }
  return rows();
}
