import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { afterWhatIsBooked } from '../ledger/booking-order.ts';

/** A table whose rows are put right, its key, and the columns that a repair may change. */
interface Repairable {
  key: string;
  columns: readonly string[];
}

const REPAIRABLE = {
  orders: {
    key: 'order_id',
    columns: ['status', 'filled_quantity', 'filled_price', 'created_at', 'updated_at'],
  },
  positions: {
    key: 'position_id',
    columns: [
      ...['side', 'quantity', 'average_price', 'current_price', 'unrealized_pnl', 'status', 'closed_at'],
      ...['updated_at', 'marked_at'],
    ],
  },
  trading_sessions: {
    key: 'session_id',
    columns: [
      ...['status', 'end_time', 'total_orders', 'max_drawdown', 'peak_equity', 'capital_at_end'],
      'updated_at',
    ],
  },
} as const satisfies Record<string, Repairable>;

export type RepairableTable = keyof typeof REPAIRABLE;

/** The columns of a row `t` as a JSON object. */
const valuesOf = ({ columns }: Repairable): RawBuilder<unknown> =>
  sql`jsonb_build_object(${sql.join(columns.flatMap((column) => [sql.lit(column), sql.ref(`t.${column}`)]))})`;

/** The rows of a user that meet a condition on `t`, as they are, by id. */
async function readValues(
  trx: Trx,
  table: RepairableTable,
  condition: RawBuilder<unknown>,
): Promise<Map<string, string>> {
  const { key } = REPAIRABLE[table];
  const { rows } = await sql<{ id: string; row: string }>`
    SELECT ${sql.ref(`t.${key}`)} AS id, ${valuesOf(REPAIRABLE[table])}::text AS row
    FROM ${sql.table(table)} t WHERE ${condition}`.execute(trx.db);
  return new Map(rows.map(({ id, row }) => [id, row]));
}

/**
 * Runs a repair of the rows of a user that meet a condition on `t`, and keeps each row as it was and as it became; returns
 * how many changed. The user must be locked.
 */
export async function recordRepair(
  trx: Trx,
  {
    table,
    user,
    runId,
    rows,
  }: { table: RepairableTable; user: UserId; runId: string; rows: RawBuilder<unknown> },
  repair: () => Promise<unknown>,
): Promise<number> {
  const was = await readValues(trx, table, rows);
  if (was.size === 0) return 0;
  await repair();
  const { key } = REPAIRABLE[table];
  const became = await readValues(trx, table, sql`${sql.ref(`t.${key}`)} = ANY(${[...was.keys()]})`);
  const changed = [...was].flatMap(([id, before]) => {
    const after = became.get(id);
    return after === undefined || after === before
      ? []
      : [{ id: `${table}/${id}`, was: before, became: after }];
  });
  await sql`
    INSERT INTO ledger_openings (run_id, user_id, kind, id, seq, was, became)
    SELECT ${runId}, ${user}, 'repair', id, ${afterWhatIsBooked(trx)}, was, became
    FROM ${unnest('r', { id: 'text', was: 'text', became: 'text' }, changed)}`.execute(trx.db);
  return changed.length;
}

/** The ids of the rows that a run repaired and that have changed since, as `table/id`. */
export async function changedSince(trx: Trx, user: UserId, runId: string): Promise<string[]> {
  const found: string[] = [];
  for (const table of Object.keys(REPAIRABLE) as RepairableTable[]) {
    const { key } = REPAIRABLE[table];
    const { rows } = await sql<{ id: string }>`
      SELECT l.id FROM ledger_openings l
      LEFT JOIN ${sql.table(table)} t ON l.id = ${`${table}/`} || ${sql.ref(`t.${key}`)}
      WHERE l.run_id = ${runId} AND l.user_id = ${user} AND l.kind = 'repair' AND l.id LIKE ${`${table}/%`}
        AND l.became::jsonb IS DISTINCT FROM ${valuesOf(REPAIRABLE[table])} ORDER BY l.id`.execute(trx.db);
    found.push(...rows.map(({ id }) => id));
  }
  return found;
}

/** Gives the rows that a run repaired the values that they had. */
export async function revertRepairs(trx: Trx, user: UserId, runId: string): Promise<void> {
  for (const table of Object.keys(REPAIRABLE) as RepairableTable[]) {
    const { key, columns } = REPAIRABLE[table];
    const names = sql.join(columns.map((column) => sql.ref(column)));
    await sql`
      UPDATE ${sql.table(table)} t SET (${names}) = (
        SELECT ${names} FROM jsonb_populate_record(NULL::${sql.table(table)}, l.was::jsonb)
      )
      FROM ledger_openings l
      WHERE l.run_id = ${runId} AND l.user_id = ${user} AND l.kind = 'repair'
        AND l.id = ${`${table}/`} || ${sql.ref(`t.${key}`)}`.execute(trx.db);
  }
}
