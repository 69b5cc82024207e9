import { sql } from 'kysely';
import { ACTIONS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { type Invariant, UNAUDITED } from './invariant.ts';

/**
 * What corporate actions say of themselves. That a position is the sum of its fills and of them is the invariant
 * `position_quantity`, that their cash moved the capital is `capital`.
 */
export const ACTION_INVARIANTS: readonly Invariant[] = [
  {
    name: 'action_shares',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds:
      'a split or a bonus makes of a position the whole shares of its factor, and leaves the fraction that is recorded',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || e.position_id AS id,
        format('%s of %s by %s:%s, with %s parts left', e.shares, e.shares_before, e.numerator, e.denominator, e.fraction) AS detail
      FROM corporate_action_effects e JOIN corporate_actions a ON a.action_id = e.action_id
      WHERE a.type IN ('split', 'bonus') AND e.reversed_at IS NULL ${ofUser('e', user)}
        AND (e.shares_before + e.shares, e.fraction) IS DISTINCT FROM (
          sign(e.shares_before) * div(abs(e.shares_before)::numeric * e.numerator, e.denominator),
          abs(e.shares_before)::numeric * e.numerator % e.denominator)`,
  },
  {
    name: 'action_cost',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds: 'an action moves cost from one position of a user to another, and makes none',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || min(e.position_id) AS id, format('cost of %s changed by %s', e.user_id, sum(e.cost)) AS detail
      FROM corporate_action_effects e WHERE e.reversed_at IS NULL ${ofUser('e', user)}
      GROUP BY e.action_id, e.user_id HAVING sum(e.cost) <> 0`,
  },
  {
    name: 'action_merged',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds: 'a position that a merger ended left no cost behind: it ended at the average that was counted',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || e.position_id AS id,
        format('cost of %s moved on, its executions make %s', -e.cost, round((p.average_price * abs(e.shares_before))::numeric, 2)) AS detail
      FROM corporate_action_effects e JOIN positions p ON p.position_id = e.position_id
      WHERE e.reversed_at IS NULL AND e.cost < 0 AND e.shares_before <> 0 AND e.shares = -e.shares_before ${ofUser('e', user)}
        AND abs((p.average_price - e.average_before) * e.shares_before) > 0.005`,
  },
  {
    name: 'action_cash',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds:
      'the cash of an action is booked as a movement of money under its reference, and countered where it was reversed',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || e.position_id AS id, format('cash of %s, booked %s', e.cash, coalesce(f.booked, 0)) AS detail
      FROM corporate_action_effects e LEFT JOIN LATERAL (
        SELECT sum(f.amount + coalesce(c.amount, 0)) AS booked, count(c.flow_id) AS countered
        FROM cash_flows f LEFT JOIN cash_flows c ON c.corrects = f.flow_id AND c.user_id = f.user_id
        WHERE f.user_id = e.user_id AND f.kind = 'dividend' AND f.reference = e.action_id || '/' || e.position_id
      ) f ON true
      WHERE e.cash IS NOT NULL ${ofUser('e', user)} AND NOT (
        coalesce(f.booked, 0) = CASE WHEN e.reversed_at IS NULL THEN e.cash ELSE 0 END OR coalesce(f.countered, 0) > 0)`,
  },
  {
    name: 'action_state',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds: 'what an action made of positions counts while it is APPLIED, and not before or after',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || e.position_id AS id,
        format('the action is %s, its effect %s', a.status, CASE WHEN e.reversed_at IS NULL THEN 'counts' ELSE 'is reversed' END) AS detail
      FROM corporate_action_effects e JOIN corporate_actions a ON a.action_id = e.action_id
      WHERE (a.status = 'APPLIED') <> (e.reversed_at IS NULL) ${ofUser('e', user)}`,
  },
  {
    name: 'audit_actions',
    phase: 4,
    step: ACTIONS_SINCE_STEP,
    about: 'action',
    holds: 'what every corporate action made of a position has its audit row',
    offenders: (user) => sql`
      SELECT e.action_id || '/' || e.position_id AS id, 'booked without an audit row' AS detail
      FROM corporate_action_effects e WHERE ${UNAUDITED('e.xmin')} ${ofUser('e', user)}`,
  },
];
