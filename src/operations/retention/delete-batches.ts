import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { changedIf } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { ExpiringTable } from './tables.ts';

const BATCH_ROWS = 5_000;
const MAX_PAUSE_MS = 1_000;

/**
 * Deletes the due rows of a kind, at most so many, in batches: each is one transaction with its audit row. Skips locked
 * rows. Pauses after each batch as long as the batch took, then calls `onBatch`. Returns the number of deleted rows.
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
 * The oldest rows in a span of time that begins where the previous batch ended, so that its dead index entries are not
 * read again. By ctid, because the planner may not use an index for so many keys. Skips locked rows.
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
    return changedIf(batch.rows > 0, batch, `retention ${kind}`, body);
  });
}

/** The error that ended a run early, as a failure that says what is deleted. */
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
