import { sql } from 'kysely';
import { SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { localTime } from '../trading-day.ts';
import { type Invariant, openingCapital } from './invariant.ts';

/**
 * What was taken down of the past is what the ledger has of it. Only where the ledger explains the capital, which the invariant
 * `capital` says, and nothing was taken over: of what another program made nobody knows on which day.
 */
export const SNAPSHOT_INVARIANTS: readonly Invariant[] = [
  {
    name: 'equity_snapshots',
    phase: 4,
    step: SNAPSHOTS_SINCE_STEP,
    about: 'snapshot',
    holds:
      'capital and executions of a day that was taken down are those of the ledger; report rebuild takes it down again',
    offenders: (user, schema) => sql`
      SELECT user_id || '/' || day AS id, format('%s after %s executions, the ledger has %s after %s', capital, executions, made, count)
        AS detail
      FROM (
        SELECT m.user_id, m.day, m.capital, m.executions, m.count, a.capital + sum(m.moved) OVER until_day AS made,
          a.capital + sum(m.moved) OVER (PARTITION BY m.user_id) = u.total_capital AS is_explained
        FROM (
          SELECT user_id, day, max(capital) AS capital, max(executions) AS executions, sum(moved) AS moved, sum(count) AS count
          FROM (
            SELECT user_id, day, capital, executions, 0 AS moved, 0 AS count FROM equity_snapshots s WHERE true ${ofUser('s', user)}
            UNION ALL SELECT user_id, day, NULL, NULL, amount, 0 FROM cash_flows f WHERE true ${ofUser('f', user)}
            UNION ALL SELECT o.user_id, ${localTime(sql`f.executed_at`, schema)}::date, NULL, NULL, f.realized_pnl, 1
            FROM order_fills f JOIN orders o ON o.order_id = f.order_id
            WHERE o.user_id IN (SELECT user_id FROM equity_snapshots) ${ofUser('o', user)}
          ) AS rows GROUP BY user_id, day
        ) AS m
        JOIN users u ON u.user_id = m.user_id
        JOIN (
          SELECT user_id, sum(capital) AS capital FROM (${openingCapital(schema, user)}) AS parts GROUP BY user_id
        ) AS a ON a.user_id = m.user_id
        WHERE m.user_id NOT IN (SELECT user_id FROM ledger_openings WHERE undone_at IS NULL)
        WINDOW until_day AS (PARTITION BY m.user_id ORDER BY m.day)
      ) AS days WHERE is_explained AND capital IS NOT NULL AND (capital, executions) <> (made, count)`,
  },
];
