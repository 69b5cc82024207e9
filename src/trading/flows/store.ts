import { type Kysely, sql } from 'kysely';
import type { FlowKind } from '../../domain/cash-flow.ts';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound } from '../../util/failure.ts';
import { FLOW_SELECTION, type Flow } from '../ledger/book-flows.ts';

/** A movement of money by its id. Throws FLOW_NOT_FOUND. */
export async function findFlow(db: Kysely<Database>, id: string): Promise<Flow> {
  const { rows } =
    await sql<Flow>`SELECT ${FLOW_SELECTION} FROM cash_flows f WHERE f.flow_id = ${id}`.execute(db);
  return rows[0] ?? notThere(id);
}

function notThere(id: string): never {
  throw notFound('flow', id, 'Its id is in the list of its user: pinnacle help user flows');
}

/** The flow that is booked under a reference of a user and kind, and the correction that counters it, if there are any. */
export async function findBooked(
  db: Kysely<Database>,
  user: UserId,
  kind: FlowKind,
  reference: string,
): Promise<{ flow: Flow; reversal: string | null } | undefined> {
  const { rows } = await sql<Flow & { reversal: string | null }>`
    SELECT ${FLOW_SELECTION}, c.flow_id AS reversal
    FROM cash_flows f LEFT JOIN cash_flows c
      ON c.user_id = f.user_id AND c.kind = 'correction' AND c.reference = f.flow_id
    WHERE f.user_id = ${user} AND f.kind = ${kind} AND f.reference = ${reference}`.execute(db);
  const [row] = rows;
  if (!row) return undefined;
  const { reversal, ...flow } = row;
  return { flow, reversal };
}
