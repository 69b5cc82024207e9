import { sql } from 'kysely';
import type { FlowKind } from '../../domain/cash-flow.ts';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { FLOW_SELECTION, type Flow } from '../ledger/book-flows.ts';

/** The flows of a user from one trading day to another. Days are YYYY-MM-DD, both included. */
export interface Span {
  user: UserId;
  since: string | undefined;
  until: string | undefined;
}

const within = ({ user, since, until }: Span) => sql`f.user_id = ${user}
  ${since === undefined ? sql`` : sql`AND f.day >= ${since}::date`}
  ${until === undefined ? sql`` : sql`AND f.day <= ${until}::date`}`;

/**
 * A reader of up to `limit` flows of a user, latest day first, of one kind or of all; those behind the one of that day and id. Throws
 * PHASE_NEEDED.
 */
export function selectFlows(source: Source, span: Span, kind: FlowKind | undefined) {
  needStep(source, FLOWS_SINCE_STEP);
  return async (limit: number, after: readonly [day: string, id: string] | undefined): Promise<Flow[]> => {
    const { rows } = await sql<Flow>`
      SELECT ${FLOW_SELECTION} FROM cash_flows f
      WHERE ${within(span)} ${kind === undefined ? sql`` : sql`AND f.kind = ${kind}`}
        ${after ? sql`AND (f.day, f.flow_id) < (${after[0]}::date, ${after[1]})` : sql``}
      ORDER BY f.day DESC, f.flow_id DESC LIMIT ${limit}`.execute(source.db);
    return rows;
  };
}

/** What the flows of a kind come to, in rupees. */
export type FlowTotal = { kind: FlowKind; flows: number; amount: Rupees };

/** What the flows of a user come to, by kind: a correction counts to the kind that it counters. Throws PHASE_NEEDED. */
export async function sumFlows(source: Source, span: Span): Promise<FlowTotal[]> {
  needStep(source, FLOWS_SINCE_STEP);
  const { rows } = await sql<FlowTotal>`
    SELECT coalesce(c.kind, f.kind) AS kind, count(*)::int AS flows, sum(f.amount) AS amount
    FROM cash_flows f LEFT JOIN cash_flows c ON c.flow_id = f.corrects
    WHERE ${within(span)}
    GROUP BY 1 ORDER BY 1`.execute(source.db);
  return rows;
}
