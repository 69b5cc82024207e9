import { sql } from 'kysely';
import type { PositionId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import { ACTIONS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import type { BookedExecution } from './chain-store.ts';

/**
 * Throws FILL_BEFORE_ACTION where a dividend or rights of these positions counted shares of before their ex-date that would be others
 * if `becomes` were booked instead of `was`.
 */
export async function refuseUncounted(
  source: Source,
  ids: readonly PositionId[],
  was: readonly BookedExecution[],
  becomes: readonly BookedExecution[],
): Promise<void> {
  if (!hasStep(source, ACTIONS_SINCE_STEP)) return;
  const { rows } = await sql<{ action_id: string; effective_at: Instant }>`
    SELECT DISTINCT action_id, effective_at FROM corporate_action_effects
    WHERE position_id = ANY(${[...ids]}) AND reversed_at IS NULL AND shares = 0 AND cost = 0 ORDER BY 2, 1`.execute(
    source.db,
  );
  const wrong = rows.find(({ effective_at: at }) => madeBefore(was, at) !== madeBefore(becomes, at));
  if (!wrong) return;
  const { action_id, effective_at } = wrong;
  throw refused(
    'FILL_BEFORE_ACTION',
    `The corporate action ${action_id} counted the ${madeBefore(was, effective_at)} shares that were held before ${effective_at}; they would become ${madeBefore(becomes, effective_at)}.`,
    `Nothing changed. Reverse the action, correct the executions, add it anew and apply it: pinnacle corporate-action reverse ${action_id} --reason "to be corrected"`,
  );
}

const madeBefore = (fills: readonly BookedExecution[], at: Instant): number =>
  fills
    .filter(({ executed_at }) => isBefore(executed_at, at))
    .reduce((sum, { side, quantity }) => sum + (side === 'BUY' ? quantity : -quantity), 0);
