import { type RawBuilder, sql } from 'kysely';
import {
  ACTIONS_SINCE_STEP,
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type Schema,
} from '../../platform/postgres/schema-phase.ts';

/**
 * SQL for a place in the order of booking behind all that is booked and before the next execution, whose places are whole
 * numbers: for opening balances and corporate actions, several of which may follow each other. Their users must be locked.
 */
export const afterWhatIsBooked = (schema: Schema): RawBuilder<number> => sql<number>`(
  SELECT greatest((SELECT coalesce(max(seq), 0) + 0.5 FROM order_fills)
    ${hasStep(schema, OTHER_WRITERS_SINCE_STEP) ? sql`, (SELECT max(seq) + ${STEP} FROM ledger_openings)` : sql``}
    ${hasStep(schema, ACTIONS_SINCE_STEP) ? sql`, (SELECT max(seq) + ${STEP} FROM corporate_action_effects)` : sql``}))`;

/** A power of two, so that sums of it are exact. */
const STEP = sql.lit(1 / 1024);
