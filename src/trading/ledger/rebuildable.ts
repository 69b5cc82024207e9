import { sql } from 'kysely';
import type { ChainKey } from '../../domain/book.ts';
import { rebuildPositions } from '../../domain/rebuild-positions.ts';
import { hasStep, OTHER_WRITERS_SINCE_STEP, type Source } from '../../platform/postgres/schema-phase.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { type BookedExecution, type PositionRow, readRows } from './chain-store.ts';
import { refuseUncounted } from './refuse-uncounted.ts';

/** Throws LEDGER_INCONSISTENT and FILL_BEFORE_ACTION where `rebook` of a chain would; nothing is locked or written. */
export async function requireRebuildable(
  source: Source,
  key: ChainKey,
  was: readonly BookedExecution[],
  becomes: readonly BookedExecution[],
): Promise<void> {
  const rows = await readRows(source, key, [key.symbol]);
  await refuseOpened(source, rows);
  const ids = rows.map(({ position_id }) => position_id);
  await refuseUncounted(source, ids, was, becomes);
  assertMade(was, rebuildPositions(was), rows);
  rebuildPositions(becomes);
}

/** A position that was taken over with shares has a cost that no execution here tells. */
export async function refuseOpened(source: Source, rows: readonly PositionRow[]): Promise<void> {
  if (!hasStep(source, OTHER_WRITERS_SINCE_STEP)) return;
  const ids = rows.map(({ position_id }) => position_id);
  const { rows: opened } = await sql<{ id: string; run_id: string }>`
    SELECT id, run_id FROM ledger_openings
    WHERE kind = 'position' AND undone_at IS NULL AND id = ANY(${ids}) ORDER BY seq DESC LIMIT 1`.execute(
    source.db,
  );
  const [last] = opened;
  if (!last) return;
  throw refused(
    'LEDGER_INCONSISTENT',
    `Position ${last.id} was taken over with an opening balance (${last.run_id}): executions of its symbol, strategy and product are not booked otherwise across it.`,
    `Nothing changed. As long as nothing was booked on it: pinnacle ledger adopt --undo ${last.run_id}`,
  );
}

/** What is booked must be what the executions make; otherwise what they would make without one proves nothing. */
export function assertMade(
  was: readonly BookedExecution[],
  old: ReturnType<typeof rebuildPositions>,
  rows: readonly PositionRow[],
): void {
  const stray = was.find(
    (fill, i) =>
      fill.position_id !== old.fills[i]?.position_id || fill.flipped_to !== old.fills[i].flipped_to,
  );
  if (stray) throw inconsistent(`Position ${stray.position_id} is not made by the executions that are here.`);
  const made = new Map(old.positions.map((position) => [position.position_id, position]));
  for (const row of rows) {
    const position = made.get(row.position_id);
    const isWrong = position
      ? position.quantity !== row.quantity || position.side !== row.side || position.status !== row.status
      : row.status === 'OPEN';
    if (isWrong)
      throw inconsistent(
        `Position ${row.position_id} holds ${row.side} ${row.quantity}, the executions that are here make ${position?.quantity ?? 0}: it cannot be rebuilt from them.`,
      );
  }
}

const inconsistent = (message: string): Failure =>
  refused('LEDGER_INCONSISTENT', message, 'Nothing changed. See: pinnacle doctor ledger');
