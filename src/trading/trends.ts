import { sql } from 'kysely';
import { addMoney, NO_RUPEES, type Rupees } from '../domain/money.ts';
import type { Source } from '../platform/postgres/schema-phase.ts';

/** Whose executions from when to before when, in UTC, RFC 3339. */
export interface Span {
  /** Of a user or a strategy. */
  id: string;
  since: string;
  until: string;
}

const PARTS = 30;
const FILLS_SINCE_PHASE = 2;

/**
 * How the realized P&L of each span added up, at the end of each thirtieth of it, in one statement for all; of spans of one user
 * only, if one is given. Null on a schema without executions.
 */
export async function readTrends(
  { db, phase }: Source,
  by: 'user_id' | 'strategy_id',
  spans: readonly Span[],
  user?: string,
): Promise<(Rupees[] | null)[]> {
  if (phase < FILLS_SINCE_PHASE || spans.length === 0) return spans.map(() => null);
  const [ids, since, until] = [
    spans.map(({ id }) => id),
    spans.map((each) => each.since),
    spans.map((each) => each.until),
  ];
  const { rows } = await sql<{ place: number; part: number; realized: Rupees }>`
    SELECT s.place::int AS place, part, sum(f.realized_pnl)::numeric(20, 2)::text AS realized
    FROM unnest(${ids}::text[], ${since}::timestamp[], ${until}::timestamp[]) WITH ORDINALITY AS s (id, since, until, place)
    JOIN orders o ON ${sql.ref(`o.${by}`)} = s.id ${user === undefined ? sql`` : sql`AND o.user_id = ${user}`}
    JOIN order_fills f ON f.order_id = o.order_id AND f.executed_at >= s.since AND f.executed_at < s.until
    CROSS JOIN LATERAL (
      SELECT floor(${PARTS}::int * extract(epoch FROM f.executed_at - s.since) / extract(epoch FROM s.until - s.since))::int
    ) AS p (part)
    GROUP BY 1, 2`.execute(db);
  const realized = new Map(rows.map((row) => [`${row.place} ${row.part}`, row.realized]));
  return spans.map((_, i) => {
    let total = NO_RUPEES;
    return Array.from({ length: PARTS }, (_, part) => {
      total = addMoney(total, realized.get(`${i + 1} ${part}`) ?? NO_RUPEES);
      return total;
    });
  });
}
