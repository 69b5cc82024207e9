import { sql } from 'kysely';
import { FLOWS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { type Invariant, UNAUDITED } from './invariant.ts';

/** What movements of money say of each other. That the capital is what they made of it is the invariant `capital`. */
export const FLOW_INVARIANTS: readonly Invariant[] = [
  {
    name: 'flow_corrections',
    phase: 4,
    step: FLOWS_SINCE_STEP,
    about: 'flow',
    holds: 'a correction counters one movement of money of its user, by all of its amount, on its day',
    offenders: (user) => sql`
      SELECT c.flow_id AS id, format('%s on %s against %s: %s on %s', c.amount, c.day, c.corrects, coalesce(f.amount::text, 'nothing'), f.day)
        AS detail
      FROM cash_flows c LEFT JOIN cash_flows f ON f.flow_id = c.corrects
      WHERE c.kind = 'correction' ${ofUser('c', user)}
        AND (f.user_id, f.amount, f.day, f.kind <> 'correction') IS DISTINCT FROM (c.user_id, -c.amount, c.day, true)`,
  },
  {
    name: 'audit_flows',
    phase: 4,
    step: FLOWS_SINCE_STEP,
    about: 'flow',
    holds: 'every movement of money has its audit row',
    offenders: (user) => sql`
      SELECT f.flow_id AS id, 'booked without an audit row' AS detail
      FROM cash_flows f WHERE ${UNAUDITED('f.xmin')} ${ofUser('f', user)}`,
  },
];
