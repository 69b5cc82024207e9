import { type Kysely, type SelectQueryBuilder, sql } from 'kysely';
import type { Rupees } from '../../domain/money.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/**
 * The query, if it is asked for with the share of each position in the gross exposure of its user, the value of all that is open
 * at its marks, in percent with two decimals; null of what is closed. What a user has open is read once for all rows of the user.
 */
export const withWeight = <O>(positions: SelectQueryBuilder<Database, 'positions', O>, asked: boolean) =>
  positions.$if(asked, (plain) =>
    plain
      .leftJoinLateral(
        (eb) =>
          eb
            .selectFrom('positions as held')
            .select(sql<number>`sum(abs(held.quantity) * held.current_price)`.as('gross'))
            .whereRef('held.user_id', '=', 'positions.user_id')
            .where('held.status', '=', 'OPEN')
            .as('exposure'),
        (join) => join.onTrue(),
      )
      .select(
        sql<number | null>`CASE WHEN status = 'OPEN' THEN
          round((100 * abs(quantity) * current_price / nullif(exposure.gross, 0))::numeric, 2)::float8 END`.as(
          'weight',
        ),
      ),
  );

/** What positions come to together: how many, and rupees. */
export interface PositionTotals {
  count: number;
  unrealized_pnl: Rupees;
  realized_pnl: Rupees;
  /** The value of what is open at its marks. */
  exposure: Rupees;
}

/** The totals of all positions that a query selects. */
export async function totalsOf<O>(
  db: Kysely<Database>,
  positions: SelectQueryBuilder<Database, 'positions', O>,
): Promise<PositionTotals> {
  const { rows } = await sql<PositionTotals>`
    SELECT count(*)::int AS count, coalesce(sum(round(unrealized_pnl::numeric, 2)), 0)::text AS unrealized_pnl,
      coalesce(sum(round(realized_pnl::numeric, 2)), 0)::text AS realized_pnl,
      round(coalesce(sum(abs(quantity) * current_price), 0)::numeric, 2)::text AS exposure
    FROM (${positions}) AS p`.execute(db);
  return rows[0] as PositionTotals;
}
