import { type RawBuilder, sql } from 'kysely';
import type { TradingDay } from '../trading-day.ts';

const MAX_NAMED_SYMBOLS = 5;

/**
 * An SQL aggregate over rows with a `symbol` and the time of its oldest quote (`marked_at`): the text that names the
 * symbols with stale marks, the age of these and the command that helps; NULL if none is stale.
 */
export function describeStaleMarks({ now, staleBefore }: TradingDay): RawBuilder<string | null> {
  const isStale = sql`FILTER (WHERE marked_at < ${staleBefore}::timestamp)`;
  const seconds = sql`extract(epoch FROM ${now}::timestamp - marked_at)`;
  const age = sql`CASE WHEN ${seconds} < 60 THEN floor(${seconds}) || ' s'
    WHEN ${seconds} < 3600 THEN floor(${seconds} / 60) || ' min'
    WHEN ${seconds} < 172800 THEN floor(${seconds} / 3600) || ' h'
    ELSE floor(${seconds} / 86400) || ' d' END`;
  const named = sql`(array_agg(symbol || ' (' || ${age} || ' old)' ORDER BY marked_at, symbol) ${isStale})[1:${sql.lit(MAX_NAMED_SYMBOLS)}]`;
  return sql`'fresh marks of ' || array_to_string(${named}, ', ')
    || CASE WHEN count(*) ${isStale} > ${sql.lit(MAX_NAMED_SYMBOLS)} THEN ' and others' ELSE '' END
    || ' (pinnacle position mark --from-cache)'`;
}
