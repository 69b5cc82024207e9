import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';

/**
 * SQL for what positions that ended since a time realized and no execution here credited, because another program closed them:
 * `user_id`, `realized` in rupees. What it realized of a position that is still open has no time, and is not in it.
 */
export const closedElsewhere = (since: Instant): RawBuilder<unknown> => sql`
  SELECT p.user_id, round(p.realized_pnl::numeric, 2) - c.credited AS realized FROM positions p
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(f.realized_pnl), 0) AS credited FROM order_fills f WHERE f.position_id = p.position_id) c
  WHERE p.status = 'CLOSED' AND p.closed_at >= ${since}::timestamp AND round(p.realized_pnl::numeric, 2) <> c.credited`;
