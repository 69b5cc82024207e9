import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import type { PositionId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { addMoney, Decimal, NO_RUPEES, type Rupees, toPaisa } from '../../domain/money.ts';
import { unrealized } from '../../domain/position.ts';
import { firstToRebuild, type RebuiltPosition, rebuildPositions } from '../../domain/rebuild-positions.ts';
import type { TradingDay } from '../trading-day.ts';
import {
  type BookedExecution,
  differsFrom,
  insertFills,
  lockRows,
  moveActed,
  type PositionRow,
  takeOut,
  writePositions,
} from './chain-store.ts';
import { correctTotals } from './correct-totals.ts';
import { assertMade, refuseOpened } from './rebuildable.ts';
import { refuseUncounted } from './refuse-uncounted.ts';

/** The executions of a user in a symbol, strategy and product, and corporate actions among them, which make its positions. */
export interface Chain {
  key: ChainKey;
  fills: readonly BookedExecution[];
}

/** A price that an open position is valued at, instead of that of its last execution. */
export type PriceMark = Pick<PositionRow, 'current_price' | 'marked_at'>;

/** What chains become that are of one user, strategy and product, and how. */
export interface Rebooking {
  was: readonly Chain[];
  becomes: readonly Chain[];
  /** Lets positions follow to another symbol, when those that end are closed and those that go on are not open yet. */
  move?: () => Promise<unknown>;
  /** Prices that hold for open positions; others keep the latest mark. */
  marks?: ReadonlyMap<PositionId, PriceMark>;
}

export interface RebuiltChain {
  /** Rupees by which the capital of the user changed. */
  credited: Rupees;
  /** The positions that changed, as they are now. */
  positions: PositionRow[];
  /** The chains at their places in the order of booking. */
  fills: BookedExecution[];
}

/**
 * Books the executions `after` instead of `before`, all that their user, symbol, strategy and product has, as `rebook` does.
 * Executions that do not change must be the same objects. The orders must have their new state already, `completed` more
 * of them FILLED than before.
 */
export async function rebuildChain(
  trx: Trx,
  key: ChainKey,
  { before, after }: Readonly<Record<'before' | 'after', readonly BookedExecution[]>>,
  completed: number,
  day: TradingDay,
): Promise<RebuiltChain> {
  const start = firstToRebuild(before, after);
  if (start === undefined) return { credited: NO_RUPEES, positions: [], fills: [] };
  const was = [{ key, fills: before.slice(start) }];
  return rebook(trx, { was, becomes: [{ key, fills: after.slice(start) }] }, completed, day);
}

/**
 * Books executions in other chains, order or terms than before: rebuilds the positions that they make, what each execution
 * credits, capital, totals and sessions. The places of a chain in the order of booking are given anew where that changes.
 * The user must be locked. Throws LEDGER_INCONSISTENT if the chains do not make the positions that are there, and FILL_BEFORE_ACTION
 * where a corporate action would have counted others.
 */
export async function rebook(
  trx: Trx,
  { was, becomes, move, marks = new Map() }: Rebooking,
  completed: number,
  day: TradingDay,
): Promise<RebuiltChain> {
  const { key } = was[0] as Chain;
  const rows = await lockRows(
    trx,
    key,
    [...was, ...becomes].map((chain) => chain.key.symbol),
  );
  await refuseOpened(trx, rows);
  await refuseUncounted(
    trx,
    rows.map(({ position_id }) => position_id),
    was.flatMap(({ fills }) => fills),
    becomes.flatMap(({ fills }) => fills),
  );
  const old = was.flatMap((chain) => {
    const made = rebuildPositions(chain.fills);
    assertMade(
      chain.fills,
      made,
      rows.filter(({ symbol }) => symbol === chain.key.symbol),
    );
    return made.positions;
  });
  const present = presentMark(rows, old);
  const made = becomes.map((chain) => {
    const rebuilt = rebuildPositions(inOrderOfBooking(chain.fills));
    return { key: chain.key, fills: rebuilt.fills, positions: rebuilt.positions };
  });
  const positions = changedRows(
    made.flatMap((chain) =>
      chain.positions.map((position) =>
        rowOf(chain.key, position, marks.get(position.position_id) ?? present, rows),
      ),
    ),
    rows,
    old,
    day.now,
  );
  const before = was.flatMap(({ fills }) => fills);
  const after = made.flatMap(({ fills }) => fills);
  const rebooked = after.filter(differsFrom(before));
  await takeOut(trx, before, after, rebooked);
  await moveActed(trx, before, after);
  // Closed ones first, because only one position per key may be open.
  await writePositions(trx, withStatus(positions, 'CLOSED'));
  await move?.();
  await writePositions(trx, withStatus(positions, 'OPEN'));
  await insertFills(trx, rebooked);
  const credits = creditsOf(before, after);
  await correctTotals(trx, key, {
    credits,
    completed,
    unrealized: toPaisa(openValue(positions, rows)),
    touched: [...before.filter(differsFrom(after)), ...rebooked].flatMap(
      ({ session_id }) => session_id ?? [],
    ),
    day,
  });
  return {
    credited: credits.reduce((sum, { credit }) => addMoney(sum, credit), NO_RUPEES),
    positions,
    fills: after,
  };
}

const withStatus = (positions: readonly PositionRow[], status: PositionRow['status']) =>
  positions.filter((position) => position.status === status);

/** Executions have the places that they had, in their order; corporate actions one between those that they stand between. */
function inOrderOfBooking(fills: readonly BookedExecution[]): BookedExecution[] {
  const places = fills
    .filter(({ action }) => !action)
    .map(({ seq }) => seq)
    .sort((a, b) => a - b);
  let executions = 0;
  let last = Number.NEGATIVE_INFINITY;
  return fills.map((fill) => {
    const next = places[executions] ?? Number.POSITIVE_INFINITY;
    if (!fill.action) {
      executions++;
      last = next;
    } else if (last < fill.seq && fill.seq < next) last = fill.seq;
    else if (next === Number.POSITIVE_INFINITY) last += Number.isInteger(last) ? 0.5 : 1 / 1024;
    else last = Number.isFinite(last) ? (last + next) / 2 : next - 0.5;
    return { ...fill, seq: last };
  });
}

/** The price that was marked after the last execution, which holds for what is open afterwards, too. */
function presentMark(rows: readonly PositionRow[], old: readonly RebuiltPosition[]): PriceMark | undefined {
  const open = rows.filter(({ status }) => status === 'OPEN');
  const row = open.reduce<PositionRow | undefined>(
    (latest, each) => (latest && latest.updated_at > each.updated_at ? latest : each),
    undefined,
  );
  const last = old.find(({ position_id }) => position_id === row?.position_id);
  if (!row || !last || (row.marked_at === null && row.current_price === last.current_price)) return undefined;
  return row;
}

/** A position that executions make, as a row: at the mark while it is open. */
function rowOf(
  key: ChainKey,
  position: RebuiltPosition,
  mark: PriceMark | undefined,
  rows: readonly PositionRow[],
): Omit<PositionRow, 'updated_at'> {
  const row = { ...key, ...position };
  const marked_at = rows.find(({ position_id }) => position_id === position.position_id)?.marked_at ?? null;
  if (position.status === 'CLOSED') return { ...row, marked_at };
  if (!mark) return { ...row, marked_at: null };
  const { current_price } = mark;
  return {
    ...row,
    current_price,
    unrealized_pnl: unrealized(position, current_price),
    marked_at: mark.marked_at,
  };
}

/** The rows to write: of positions that changed, and of those that no execution makes any more, which end empty. */
function changedRows(
  made: readonly Omit<PositionRow, 'updated_at'>[],
  rows: readonly PositionRow[],
  old: readonly RebuiltPosition[],
  now: Instant,
): PositionRow[] {
  const present = new Map(rows.map((row) => [row.position_id, row]));
  const kept = new Set(made.map(({ position_id }) => position_id));
  const emptied = old
    .filter(({ position_id }) => !kept.has(position_id))
    .flatMap(({ position_id }) => present.get(position_id) ?? [])
    .map(
      (row): PositionRow => ({
        ...row,
        quantity: 0,
        unrealized_pnl: 0,
        realized_pnl: 0,
        status: 'CLOSED',
        closed_at: row.closed_at ?? now,
      }),
    );
  return [...made, ...emptied]
    .filter((row) => {
      const before = present.get(row.position_id);
      return !before || WRITTEN.some((column) => before[column] !== row[column]);
    })
    .map((row) => ({ ...row, updated_at: now }));
}

const WRITTEN = [
  ...(['side', 'quantity', 'average_price', 'current_price', 'unrealized_pnl', 'realized_pnl'] as const),
  ...(['status', 'order_id', 'opened_at', 'closed_at'] as const),
];

/** By how much the unrealized P&L of the key grows, in rupees. */
function openValue(positions: readonly PositionRow[], rows: readonly PositionRow[]): number {
  const present = new Map(rows.map((row) => [row.position_id, row]));
  return positions.reduce((sum, position) => {
    const before = present.get(position.position_id)?.unrealized_pnl ?? 0;
    return sum + Number(toPaisa(position.unrealized_pnl)) - Number(toPaisa(before));
  }, 0);
}

/** What each execution credits more than before, or less; of one that no longer counts, all of it. */
function creditsOf(was: readonly BookedExecution[], stays: readonly BookedExecution[]) {
  const now = new Map(stays.map((fill) => [fill.fill_id, fill.realized_pnl]));
  return was.flatMap(({ fill_id, session_id, created_at, realized_pnl }) => {
    const credit = toPaisa(new Decimal(now.get(fill_id) ?? NO_RUPEES).minus(realized_pnl));
    return credit === NO_RUPEES ? [] : [{ session_id, created_at, credit }];
  });
}
