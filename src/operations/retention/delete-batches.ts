import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { ExpiringTable } from './tables.ts';

const BATCH_ROWS = 5_000;
const MAX_PAUSE_MS = 1_000;

/**
 * Deletes what of a kind is due, at most so many rows, in batches: each a transaction of its own with its audit row.
 * Waits for no row: what somebody holds is left. After each batch it rests as long as that took. `onBatch` is told of
 * every one. Gives the number of rows.
 */
export async function deleteDue(
  ctx: Context,
  kind: ExpiringTable,
  cutoff: Instant,
  atMost: number,
  onBatch: (rows: number) => void,
): Promise<number> {
  let deleted = 0;
  for (let from = '-infinity'; deleted < atMost; ) {
    const started = performance.now();
    const batch = await deleteBatch(ctx, kind, [from, cutoff], Math.min(BATCH_ROWS, atMost - deleted));
    if (batch.last === null) break;
    deleted += batch.rows;
    onBatch(batch.rows);
    from = batch.last;
    const took = performance.now() - started;
    await sleep(Math.min(MAX_PAUSE_MS, took), undefined, { signal: ctx.signal });
  }
  return deleted;
}

interface Batch {
  rows: number;
  /** The times of the oldest and the newest row, in UTC; null where there was none. */
  first: Instant | null;
  last: Instant | null;
}

/**
 * The oldest of the rows in a span of time, which begins where the batch before ended, so that what that one left dead
 * in the index is not read again. By ctid, because no plan for as many keys as these is certain to go by an index; a
 * row that is locked stays where it is.
 */
function deleteBatch(
  ctx: Context,
  { kind, at, from, only, lock }: ExpiringTable,
  [since, cutoff]: [since: string, cutoff: Instant],
  limit: number,
): Promise<Batch> {
  const time = sql.ref(`t.${at}`);
  return ctx.change(async (trx) => {
    const { rows } = await sql<Batch>`
      WITH gone AS (
        DELETE FROM ${sql.table(kind)} WHERE ctid = ANY (ARRAY (
          SELECT t.ctid FROM ${from}
          WHERE ${time} >= ${since}::timestamp AND ${time} < ${cutoff}::timestamp AND ${only}
          ORDER BY ${time} LIMIT ${limit} ${lock}
        ))
        RETURNING ${sql.ref(at)} AS at
      )
      SELECT count(*)::integer AS rows, min(at) AS first, max(at) AS last FROM gone`.execute(trx.db);
    const [batch = { rows: 0, first: null, last: null }] = rows;
    const body = { deleted: batch.rows, before: cutoff, first: batch.first, last: batch.last };
    return { result: batch, audit: batch.rows > 0 ? { target: `retention ${kind}`, body } : null };
  });
}

/** What ended a run early, as a failure that says what it has deleted. */
export function unfinished(error: unknown, deleted: number): unknown {
  const code = (error as { code?: string } | undefined)?.code;
  if (code !== '55P03' && code !== '57014') return error;
  return new Failure(
    'busy',
    'RETENTION_UNFINISHED',
    `The database did not get to a batch in time; ${pluralize(deleted, 'row')} deleted before.`,
    { hint: 'What is deleted stays so. Run it again to go on.', retryable: true, changed: deleted > 0 },
  );
}
