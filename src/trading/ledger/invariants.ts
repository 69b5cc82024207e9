import { sql } from 'kysely';
import { hasStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import { ACTION_INVARIANTS } from './action-invariants.ts';
import { FLOW_INVARIANTS } from './flow-invariants.ts';
import { type Invariant, openingCapital, UNAUDITED } from './invariant.ts';
import { POSITION_INVARIANTS } from './position-invariants.ts';
import { SNAPSHOT_INVARIANTS } from './snapshot-invariants.ts';
import { TOTAL_INVARIANTS } from './total-invariants.ts';

/** The average price of fills per share. */
const MEAN = sql`sum(f.quantity * f.price) / sum(f.quantity)`;

const ORDERS: readonly Invariant[] = [
  {
    name: 'order_filled',
    phase: 2,
    about: 'order',
    holds:
      'what an order has filled, and at which mean price, is the sum of its fills; of an imported one, part of it',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s at %s, its fills make %s at %s', o.filled_quantity, o.filled_price,
        coalesce(sum(f.quantity), 0), coalesce(${MEAN}, 0)) AS detail
      FROM orders o LEFT JOIN order_fills f ON f.order_id = o.order_id WHERE true ${ofUser('o', user)}
      GROUP BY o.order_id
      HAVING CASE WHEN o.imported THEN o.filled_quantity < coalesce(sum(f.quantity), 0)
        ELSE o.filled_quantity <> coalesce(sum(f.quantity), 0)
          OR abs(o.filled_price - coalesce(${MEAN}, 0)) > 1e-9 * greatest(1, o.filled_price) END`,
  },
  {
    name: 'order_state',
    phase: 1,
    about: 'order',
    holds: 'the status of an order says how much of it is filled',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s with %s of %s filled', o.status, o.filled_quantity, o.quantity) AS detail
      FROM orders o
      WHERE NOT CASE o.status
        WHEN 'FILLED' THEN o.filled_quantity >= o.quantity
        WHEN 'PARTIALLY_FILLED' THEN o.filled_quantity > 0 AND o.filled_quantity < o.quantity
        WHEN 'CANCELLED' THEN o.filled_quantity < o.quantity
        ELSE o.filled_quantity = 0 END ${ofUser('o', user)}`,
  },
  {
    name: 'order_time',
    phase: 1,
    about: 'order',
    holds: 'no order was placed or changed in the future, which would count it towards another trading day',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('placed at %s, changed at %s', o.created_at, o.updated_at) AS detail
      FROM orders o
      WHERE greatest(o.created_at, o.updated_at) > clock_timestamp()::timestamp + interval '1 minute' ${ofUser('o', user)}`,
  },
  {
    name: 'order_overfill',
    phase: 2,
    about: 'order',
    holds: 'more than was ordered is filled only where a fill is flagged so',
    offenders: (user) => sql`
      SELECT o.order_id AS id, format('%s of %s filled', o.filled_quantity, o.quantity) AS detail
      FROM orders o
      WHERE o.filled_quantity > o.quantity AND NOT o.imported ${ofUser('o', user)}
        AND NOT EXISTS (SELECT FROM order_fills f WHERE f.order_id = o.order_id AND f.overfill)`,
  },
];

const AUDIT: readonly Invariant[] = [
  {
    name: 'audit_users',
    phase: 1,
    about: 'user',
    holds: 'the creation of every user, or that it was taken over, is in the audit log',
    offenders: (user, schema) => sql`
      SELECT u.user_id AS id, 'no audit row of its creation' AS detail
      FROM users u WHERE u.user_id NOT IN (SELECT user_id FROM (${openingCapital(schema, user)}) AS opened) ${ofUser('u', user)}`,
  },
  {
    name: 'audit_orders',
    phase: 1,
    about: 'order',
    holds: 'the latest change of every order has its audit row',
    offenders: (user) => sql`
      SELECT o.order_id AS id, 'last changed without an audit row' AS detail
      FROM orders o WHERE ${UNAUDITED('o.xmin')} ${ofUser('o', user)}`,
  },
  {
    name: 'audit_fills',
    phase: 2,
    about: 'fill',
    holds: 'every fill has its audit row',
    offenders: (user) => sql`
      SELECT f.fill_id AS id, 'booked without an audit row' AS detail
      FROM order_fills f JOIN orders o ON o.order_id = f.order_id
      WHERE ${UNAUDITED('f.xmin')} ${ofUser('o', user)}`,
  },
];

/** Every invariant of the ledger, in the order they are reported. */
export const INVARIANTS: readonly Invariant[] = [
  ...ORDERS,
  ...POSITION_INVARIANTS,
  ...TOTAL_INVARIANTS,
  ...AUDIT,
  ...FLOW_INVARIANTS,
  ...SNAPSHOT_INVARIANTS,
  ...ACTION_INVARIANTS,
];

/** Those whose tables a schema has. */
export const invariantsOf = (schema: Schema): readonly Invariant[] =>
  INVARIANTS.filter(
    ({ phase, step }) => phase <= schema.phase && (step === undefined || hasStep(schema, step)),
  );
