import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';
import type { Invariant } from './invariants.ts';

interface Finding {
  invariant: Invariant;
  /** The first hundred. */
  offenders: { id: string; detail: string }[];
  total: number;
}

const SHOWN = 100;

/** Whatever breaks the invariants, all of them asked of one snapshot of the database. */
export async function findOffenders(
  db: Kysely<Database>,
  invariants: readonly Invariant[],
  user: string | undefined,
): Promise<Finding[]> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async (trx) => {
      const findings: Finding[] = [];
      for (const invariant of invariants) {
        const { rows } = await sql<{ id: string; detail: string; total: string }>`
          SELECT id, detail, count(*) OVER () AS total FROM (${invariant.offenders(user)}) AS offender
          ORDER BY id LIMIT ${SHOWN}`.execute(trx);
        findings.push({ invariant, offenders: rows, total: Number(rows[0]?.total ?? 0) });
      }
      return findings;
    });
}
