import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { FlowKind } from '../../domain/cash-flow.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import { isOutOfRange } from '../../platform/postgres/errors.ts';
import { hasStep, SNAPSHOTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';

/** A movement of money to book. */
export interface NewFlow {
  user_id: UserId;
  kind: FlowKind;
  /** By which the capital rises; negative where it falls. */
  amount: Rupees;
  /** The trading day that it counts for, YYYY-MM-DD. */
  day: string;
  /** Unique among the flows of this user and kind; the id of the flow if it is not given. */
  reference?: string | undefined;
  reason?: string | undefined;
  /** The flow that a correction counters. */
  corrects?: string;
}

/** A movement of money as it is booked. */
export type Flow = {
  flow_id: string;
  user_id: UserId;
  kind: FlowKind;
  amount: Rupees;
  day: string;
  reference: string;
  reason: string;
  corrects: string | null;
  booked_by: string;
  created_at: Instant;
};

/** The columns of a flow `f` as they are read. */
export const FLOW_SELECTION = sql`f.flow_id, f.user_id, f.kind, f.amount, to_char(f.day, 'YYYY-MM-DD') AS day, f.reference,
  f.reason, f.corrects, f.booked_by, f.created_at`;

const TYPES = {
  flow_id: 'text',
  user_id: 'text',
  kind: 'text',
  amount: 'numeric',
  day: 'text',
  reference: 'text',
  reason: 'text',
  corrects: 'text',
} as const;

/**
 * Books flows of locked users, none of which is booked yet, in one statement whatever their number, and returns them with the
 * capital after all of them. A running session is moved as a whole, its start and its peak: a flow is neither result nor drawdown.
 * Needs step 11 of phase 4. Throws CAPITAL_LIMIT.
 */
export async function bookFlows(
  trx: Trx,
  flows: readonly NewFlow[],
  now: Date,
): Promise<(Flow & { total_capital: Rupees })[]> {
  const rows = flows.map((flow) => {
    const flow_id = mintId('flo', now);
    return {
      corrects: null,
      ...flow,
      flow_id,
      reference: flow.reference ?? flow_id,
      reason: flow.reason ?? '',
    };
  });
  const { rows: booked } = await sql<Flow & { total_capital: Rupees }>`
    WITH f AS (
      INSERT INTO cash_flows AS f (flow_id, user_id, kind, amount, day, reference, reason, corrects)
      SELECT flow_id, user_id, kind, amount, day::date, reference, reason, corrects FROM ${unnest('n', TYPES, rows)}
      RETURNING f.*
    ), moved AS (
      SELECT user_id, sum(amount) AS amount, max(created_at) AS at FROM f GROUP BY user_id
    ), capital AS (
      UPDATE users u SET total_capital = u.total_capital + m.amount FROM moved m WHERE u.user_id = m.user_id
      RETURNING u.user_id, u.total_capital
    ), sessions AS (
      UPDATE trading_sessions s
      SET capital_at_start = round(s.capital_at_start::numeric + m.amount, 2)::float8,
        peak_equity = round(s.peak_equity::numeric + m.amount, 2)::float8, updated_at = greatest(s.updated_at, m.at)
      FROM moved m WHERE s.user_id = m.user_id AND s.status = 'ACTIVE'
    )${hasStep(trx, SNAPSHOTS_SINCE_STEP) ? sql`, ${IN_SNAPSHOTS}` : sql``}
    SELECT ${FLOW_SELECTION}, c.total_capital FROM f JOIN capital c ON c.user_id = f.user_id ORDER BY f.flow_id`
    .execute(trx.db)
    .catch((error) => {
      throw isOutOfRange(error) ? beyondAnyAccount() : error;
    });
  return booked;
}

/** Days that were taken down before have it, too: charges are booked in the evening, when equity is known. */
const IN_SNAPSHOTS = sql`snapshots AS (
  UPDATE equity_snapshots e SET capital = e.capital + k.moved, paid_in = e.paid_in + k.paid_in, paid_out = e.paid_out + k.paid_out,
    charges = e.charges + k.charges, dividends = e.dividends + k.dividends
  FROM (
    SELECT s.user_id, s.day, sum(k.amount) AS moved, coalesce(sum(k.amount) FILTER (WHERE k.of = 'deposit' AND k.day = s.day), 0) AS paid_in,
      coalesce(-sum(k.amount) FILTER (WHERE k.of = 'withdrawal' AND k.day = s.day), 0) AS paid_out,
      coalesce(sum(k.amount) FILTER (WHERE k.of = 'charge' AND k.day = s.day), 0) AS charges,
      coalesce(sum(k.amount) FILTER (WHERE k.of = 'dividend' AND k.day = s.day), 0) AS dividends
    FROM (SELECT f.*, coalesce(c.kind, f.kind) AS of FROM f LEFT JOIN cash_flows c ON c.flow_id = f.corrects) AS k
    JOIN equity_snapshots s ON s.user_id = k.user_id AND s.day >= k.day
    GROUP BY s.user_id, s.day
  ) AS k WHERE e.user_id = k.user_id AND e.day = k.day
)`;

/** The column holds 13 digits of rupees. */
const beyondAnyAccount = () =>
  refused(
    'CAPITAL_LIMIT',
    'The capital after this would be ₹10,00,000 crore or more, which no account can hold.',
    'Check the amount.',
  );
