import { type RawBuilder, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import { closedElsewhere } from './closed-elsewhere.ts';

/**
 * SQL for what was realized since a time, by executions and by what other programs closed: `user_id`, `realized` in rupees, a row for
 * each part; `whose` is a condition on user_id.
 */
export const realizedSince = (since: Instant, whose: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  SELECT user_id, f.realized_pnl AS realized FROM order_fills f JOIN positions p USING (position_id)
  WHERE f.executed_at >= ${since}::timestamp AND ${whose}
  UNION ALL SELECT user_id, realized FROM (${closedElsewhere(since)}) e WHERE ${whose}`;
