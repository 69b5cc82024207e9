import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { positionKey } from '../../domain/book.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { netOpenRows } from '../../domain/net-positions.ts';
import { unrealized } from '../../domain/position.ts';
import { type PositionRow, writePositions } from '../ledger/chain-store.ts';
import { restoreExact } from '../ledger/exact-costs.ts';
import { productOf } from '../ledger/product.ts';
import { recordRepair } from './repairs.ts';

/** `pos_1 is LONG 10, pos_2 is SHORT 4`: OPEN rows that cannot be one without realizing something. */
type Opposed = string;

/** Rows of a user that are OPEN, or whose columns do not agree. */
const rowsOf = (
  user: UserId,
) => sql`t.user_id = ${user} AND (t.status = 'OPEN' OR t.quantity <> 0 OR t.closed_at IS NULL
  OR t.unrealized_pnl <> 0)`;

/**
 * Puts right what contradicts itself in the positions of a user: several OPEN rows of a symbol, strategy and product become one,
 * CLOSED ones hold nothing, the side says the sign, and the unrealized P&L is that of the price. Returns how many were
 * changed, and the keys that are long and short at once, which stay as they are.
 */
export async function repairPositions(
  trx: Trx,
  user: UserId,
  runId: string,
  at: Instant,
): Promise<{ repaired: number; opposed: Opposed[] }> {
  const rows = await readRows(trx, user);
  await restoreExact(
    trx,
    rows.filter(({ status }) => status === 'OPEN'),
  );
  const opposed: Opposed[] = [];
  const next: PositionRow[] = rows
    .filter(({ status }) => status === 'CLOSED')
    .map((row) => ({ ...row, quantity: 0, unrealized_pnl: 0, closed_at: row.closed_at ?? row.updated_at }));
  for (const group of groupOpen(rows)) {
    const netted = netOpenRows(group, at);
    if (netted) {
      const open = netted.open && asOpen(netted.open as PositionRow);
      next.push(...(netted.emptied as PositionRow[]), ...(open ? [open] : []));
    } else
      opposed.push(
        group.map(({ position_id, side, quantity }) => `${position_id} is ${side} ${quantity}`).join(', '),
      );
  }
  const before = new Map(rows.map((row) => [row.position_id, row]));
  const changed = next.filter((row) => isChanged(row, before.get(row.position_id)));
  const repaired = await recordRepair(
    trx,
    {
      table: 'positions',
      user,
      runId,
      rows: sql`t.position_id = ANY(${changed.map((row) => row.position_id)})`,
    },
    // Closed ones first, because a strict schema lets one row of a key be open.
    () =>
      writePositions(
        trx,
        changed.toSorted((a, b) => Number(a.status === 'OPEN') - Number(b.status === 'OPEN')),
      ),
  );
  return { repaired, opposed };
}

async function readRows(trx: Trx, user: UserId): Promise<PositionRow[]> {
  const { rows } = await sql<PositionRow>`
    SELECT t.position_id, t.user_id, t.strategy_id, t.symbol, ${productOf(trx, 't')} AS product, t.side, t.quantity, t.average_price, t.current_price,
      t.unrealized_pnl, t.realized_pnl, t.status, t.order_id, t.opened_at, t.closed_at, t.updated_at, t.marked_at
    FROM positions t WHERE ${rowsOf(user)} ORDER BY t.opened_at, t.position_id FOR NO KEY UPDATE`.execute(
    trx.db,
  );
  return rows;
}

function groupOpen(rows: readonly PositionRow[]): PositionRow[][] {
  const groups = new Map<string, PositionRow[]>();
  for (const row of rows) {
    if (row.status !== 'OPEN') continue;
    const key = positionKey(row);
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()];
}

/** A row that holds shares, without an end, at what its price makes of it. */
function asOpen(row: PositionRow): PositionRow {
  const due = row.current_price > 0 ? unrealized(row, row.current_price) : row.unrealized_pnl;
  const tolerance = 1e-6 + 1e-12 * Math.max(row.current_price, row.average_price) * row.quantity;
  const isValued = Math.abs(row.unrealized_pnl - due) <= tolerance;
  return { ...row, closed_at: null, unrealized_pnl: isValued ? row.unrealized_pnl : due };
}

const COMPARED = [
  'side',
  'quantity',
  'average_price',
  'current_price',
  'unrealized_pnl',
  'status',
  'closed_at',
] as const;
const isChanged = (row: PositionRow, before: PositionRow | undefined) =>
  COMPARED.some((column) => before?.[column] !== row[column]);
