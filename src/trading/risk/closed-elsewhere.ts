import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';

/**
 * SQL for what positions realized that other programs closed since a time, without an execution here: `user_id`, `realized`
 * in rupees. What they realized of a position that is still open has no time, and is not in it.
 */
export const closedElsewhere = (since: Instant): RawBuilder<unknown> => sql`
  SELECT p.user_id, round(p.realized_pnl::numeric, 2) AS realized FROM positions p
  WHERE p.status = 'CLOSED' AND p.closed_at >= ${since}::timestamp AND p.realized_pnl <> 0
    AND NOT EXISTS (SELECT FROM order_fills f WHERE f.position_id = p.position_id)`;
