import type { Kysely } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { describeLacking, lastPhase, readHistory } from './history.ts';
import { loadSteps } from './scripts.ts';

/** Explains a missing object: a phase or a step that is not applied yet, or a schema that was changed by hand. */
export async function explainMissing(name: string, needed: number, db: Kysely<Database>): Promise<Failure> {
  const [steps, history] = await Promise.all([loadSteps(), readHistory(db)]);
  const phase = lastPhase(history);
  if (phase < needed)
    return refused(
      'PHASE_NEEDED',
      `${name} needs phase ${needed} of the schema; this database is at phase ${phase}.`,
      'Run: pinnacle migrate up',
    );
  const lacking = describeLacking(steps, history);
  if (lacking.length > 0)
    return refused(
      'PHASE_NEEDED',
      `${name} needs a later step of the schema: ${lacking.join(', ')}.`,
      'Run: pinnacle migrate up',
    );
  return refused(
    'SCHEMA_CHANGED',
    'The database lacks an object that this command needs, although its phase is applied.',
    'Run: pinnacle migrate drift',
  );
}
