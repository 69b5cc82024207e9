import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { type BookPosition, positionKey } from '../../domain/book.ts';
import { mintId, type PositionId, type UserId } from '../../domain/id.ts';
import { netOpenRows } from '../../domain/net-positions.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { refused } from '../../util/failure.ts';
import { adoptFills } from './adopt-fills.ts';
import { afterWhatIsBooked } from './booking-order.ts';
import { writePositions } from './chain-store.ts';
import { madePositions } from './made-positions.ts';
import { chainOf } from './product.ts';

/** Shares and P&L of a position that nothing booked here explains, and that were taken over as they stood. */
export interface OpenedPosition {
  position_id: PositionId;
  user_id: UserId;
  /** Signed shares. */
  quantity: number;
  /** Rupees. */
  realized_pnl: string;
}

/**
 * Takes over what other programs wrote into locked OPEN positions: several rows of one key become one, and what no
 * execution here explains becomes an opening balance. Returns the one OPEN row of each key, and what was taken over.
 * Throws POSITIONS_OPPOSED (exit 5) where a key has a long and a short row.
 */
export async function openBalances(
  trx: Trx,
  rows: readonly BookPosition[],
): Promise<{ positions: BookPosition[]; opened: OpenedPosition[] }> {
  // Rows that executions made are exact.
  const groups = [...groupByKey(rows).values()];
  const isForeign = groups.some((group) => group.length > 1 || group.some(({ exact }) => !exact));
  if (!isForeign || !hasStep(trx, OTHER_WRITERS_SINCE_STEP)) return { positions: [...rows], opened: [] };
  const at = await serverNow(trx.db);
  const netted = groups.map((group) => {
    const result = netOpenRows(group, at);
    if (!result) throw opposed(group);
    return result;
  });
  const changed = netted.flatMap(({ open, emptied }) =>
    open && !rows.includes(open) ? [...emptied, open] : emptied,
  );
  await writePositions(
    trx,
    changed.map((row) => ({ ...row, marked_at: null })),
  );
  const unexplained = rows.filter(({ exact }) => !exact).map(({ position_id }) => position_id);
  const runId = mintId('adp', new Date(at));
  const opened = await insertOpenings(trx, sql`k.position_id = ANY(${unexplained})`, runId);
  // Their orders made these balances: what they filled moves nothing any more.
  const keys = opened.map(({ position_id }) => position_id);
  if (opened.length > 0)
    await adoptFills(
      trx,
      sql`(${chainOf(trx, 'o')}) IN (
        SELECT ${chainOf(trx, 'positions')} FROM positions WHERE position_id = ANY(${keys}))`,
      runId,
      at,
    );
  return { positions: netted.flatMap(({ open }) => open ?? []), opened };
}

function groupByKey(rows: readonly BookPosition[]): Map<string, BookPosition[]> {
  const keys = new Map<string, BookPosition[]>();
  for (const row of rows) keys.set(positionKey(row), [...(keys.get(positionKey(row)) ?? []), row]);
  return keys;
}

function opposed(rows: readonly BookPosition[]) {
  const held = rows.map(({ position_id, side, quantity }) => `${position_id} is ${side} ${quantity}`);
  return refused(
    'POSITIONS_OPPOSED',
    `${rows[0]?.user_id} is long and short in ${rows[0]?.symbol} at once: ${held.join(', ')}. A fill cannot be netted with both.`,
    'Another program wrote these rows. Close one of them there, or correct it, then book the fill.',
  );
}

/**
 * Writes opening balances of the positions `k` that meet a condition, where their shares or P&L differ from what is booked;
 * returns them.
 */
export async function insertOpenings(
  trx: Trx,
  whose: RawBuilder<unknown>,
  runId: string,
): Promise<OpenedPosition[]> {
  const sameKey = sql`(${chainOf(trx, 'k')}) IN (SELECT ${chainOf(trx, 'k')} FROM positions k WHERE ${whose})`;
  const { rows } = await sql<OpenedPosition>`
    INSERT INTO ledger_openings (run_id, user_id, kind, id, seq, quantity, price, realized_pnl)
    SELECT ${runId}, k.user_id, 'position', k.position_id, ${afterWhatIsBooked(trx)}, due.shares, k.average_price, due.realized
    FROM positions k
    LEFT JOIN (${madePositions(trx, sameKey)}) m ON m.position_id = k.position_id
    LEFT JOIN (
      SELECT position_id, sum(realized_pnl) AS credited FROM (
        SELECT f.position_id, f.realized_pnl FROM order_fills f JOIN positions k ON k.position_id = f.position_id WHERE ${whose}
        UNION ALL SELECT l.id, l.realized_pnl FROM ledger_openings l JOIN positions k ON k.position_id = l.id
          WHERE l.kind = 'position' AND l.undone_at IS NULL AND ${whose}
      ) AS parts GROUP BY position_id
    ) c ON c.position_id = k.position_id
    CROSS JOIN LATERAL (SELECT k.realized_pnl::text::numeric AS stands, coalesce(c.credited, 0) AS booked) r
    CROSS JOIN LATERAL (
      SELECT CASE k.side WHEN 'LONG' THEN k.quantity ELSE -abs(k.quantity) END - coalesce(m.shares, 0) AS shares,
        CASE WHEN abs(r.stands - r.booked) > 0.005 + abs(r.stands) * 1e-15 THEN round(r.stands, 2) - r.booked ELSE 0 END AS realized
    ) due
    WHERE ${whose} AND (due.shares <> 0 OR due.realized <> 0)
    RETURNING id AS position_id, user_id, quantity, realized_pnl`.execute(trx.db);
  return rows;
}
