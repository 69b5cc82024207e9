import { sql } from 'kysely';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import type { Sample } from './families.ts';

/** The upper limits of the buckets, in milliseconds, beside the one without a limit. */
const LIMITS_MS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000];
/** What stands before the number of milliseconds in the body of an entry, whose keys are sorted. */
const BEFORE_MS = '"by":{"duration_ms":';

interface Total {
  command: string;
  outcome: string;
  /** Changes in each bucket alone. */
  counts: number[];
  sumMs: number;
}

interface Row {
  snapshot: string;
  command: string | null;
  outcome: string;
  bucket: number;
  n: number;
  sum_ms: number;
}

/**
 * A reader of how long changes took, as their audit entries tell: of those since `since` at its first reading, from then on of
 * those besides that were committed meanwhile, each once, so that its totals only grow and a reading costs what is new.
 */
export function openDurations(): (source: Source, since: string) => Promise<Sample[]> {
  const totals = new Map<string, Total>();
  let seen: string | undefined;
  return async (source, since) => {
    const rows = await readNew(source, since, seen);
    seen = rows[0]?.snapshot ?? seen;
    for (const { command, outcome, bucket, n, sum_ms } of rows) {
      if (command === null) continue;
      const key = `${command} ${outcome}`;
      const total = totals.get(key) ?? { command, outcome, counts: [...LIMITS_MS, 0].fill(0), sumMs: 0 };
      total.counts[bucket] = (total.counts[bucket] ?? 0) + n;
      total.sumMs += sum_ms;
      totals.set(key, total);
    }
    return [...totals.values()].flatMap(samplesOf);
  };
}

/**
 * The changes that `seen`, a snapshot, does not show, by command, outcome and bucket; all since a time if there is none. Several
 * entries of one change count once. One row without a command has the snapshot where nothing is new.
 */
async function readNew({ db }: Source, since: string, seen: string | undefined): Promise<Row[]> {
  const isNew =
    seen === undefined
      ? sql`at >= ${since}::timestamp`
      : // Entries that a restore brought may claim transactions that are still to come.
        sql`txid >= pg_snapshot_xmin(${seen}::pg_snapshot) AND NOT pg_visible_in_snapshot(txid, ${seen}::pg_snapshot)
          AND txid < pg_snapshot_xmax(pg_current_snapshot())`;
  // Materialized, so that no sort carries the bodies along.
  const { rows } = await sql<Row>`
    WITH entries AS MATERIALIZED (
      SELECT txid,
        CASE command WHEN 'denied' THEN split_part(split_part(body, '"command":"', 2), '"', 1) ELSE command END AS command,
        CASE command WHEN 'denied' THEN 'denied' ELSE 'done' END AS outcome,
        substring(left(split_part(body, ${BEFORE_MS}, 2), 9) FROM '^[0-9]+')::integer AS ms
      FROM audit_log WHERE ${isNew}
    ), changes AS MATERIALIZED (
      SELECT command, outcome, max(ms) AS ms FROM entries WHERE ms IS NOT NULL GROUP BY txid, command, outcome
    ), grouped AS (
      SELECT command, outcome, width_bucket(ms, ${LIMITS_MS.map((limit) => limit + 1)}::integer[]) AS bucket,
        count(*)::integer AS n, sum(ms)::float8 AS sum_ms
      FROM changes GROUP BY 1, 2, 3
    )
    SELECT now.snapshot, grouped.* FROM (SELECT pg_current_snapshot()::text AS snapshot) AS now LEFT JOIN grouped ON true`.execute(
    db,
  );
  return rows;
}

function samplesOf({ command, outcome, counts, sumMs }: Total): Sample[] {
  const name = 'command_duration_seconds';
  const labels = { command, outcome };
  let count = 0;
  const buckets = counts.map((n, i): Sample => {
    count += n;
    const limit = LIMITS_MS[i];
    const le = limit === undefined ? '+Inf' : String(limit / 1_000);
    return { name, part: 'bucket', labels: { ...labels, le }, value: count };
  });
  return [
    ...buckets,
    { name, part: 'sum', labels, value: sumMs / 1_000 },
    { name, part: 'count', labels, value: count },
  ];
}
