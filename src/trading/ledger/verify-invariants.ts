import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import {
  hasStep,
  OTHER_WRITERS_SINCE_STEP,
  type SchemaPhase,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { classified } from './foreign-rows.ts';
import type { Invariant } from './invariant.ts';
import { invariantsOf } from './invariants.ts';

interface Finding {
  invariant: Invariant;
  /** The first hundred. */
  offenders: { id: string; detail: string }[];
  total: number;
  /** Rows that another program wrote, which the book does not explain: how many, and the newest. */
  foreign: { total: number; newest: { id: string; detail: string } | undefined };
}

/** The result of a verification: every invariant of the phase, and how many rows were checked. */
interface Verification {
  findings: Finding[];
  size: { orders: number; fills: number; positions: number };
}

const MAX_SHOWN = 100;

/**
 * Verifies every invariant on one snapshot of the database, for one user or for all. With `tell`, rows that another program
 * wrote, and nothing was booked on, are told from damage.
 */
export async function verifyInvariants(
  source: Source,
  user: UserId | undefined,
  tell = false,
): Promise<Verification> {
  return source.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => checkInvariants({ ...source, db: trx }, user, tell));
}

/** The same within a transaction, whose snapshot it checks. */
export async function checkInvariants(
  source: Source,
  user: UserId | undefined,
  tell = false,
): Promise<Verification> {
  const { db, phase } = source;
  const findings: Finding[] = [];
  for (const invariant of invariantsOf(source))
    findings.push(await findViolations(source, invariant, user, tell));
  return { findings, size: await sizeOf(db, phase, user) };
}

async function findViolations(
  source: Source,
  invariant: Invariant,
  user: UserId | undefined,
  tell: boolean,
): Promise<Finding> {
  const offenders = invariant.offenders(user, source);
  const known = tell && hasStep(source, OTHER_WRITERS_SINCE_STEP);
  const { rows } = await sql<{ id: string; detail: string; is_foreign: boolean; total: string }>`
    SELECT id, detail, is_foreign, total FROM (
      SELECT id, detail, is_foreign, count(*) OVER whose AS total,
        row_number() OVER (whose ORDER BY CASE WHEN is_foreign THEN at END DESC NULLS LAST, id) AS place
      FROM (${classified(offenders, invariant.about, known)}) AS offender WINDOW whose AS (PARTITION BY is_foreign)
    ) AS listed WHERE place <= CASE WHEN is_foreign THEN 1 ELSE ${MAX_SHOWN} END ORDER BY is_foreign, id`.execute(
    source.db,
  );
  const damaged = rows.filter(({ is_foreign }) => !is_foreign);
  const newest = rows.find(({ is_foreign }) => is_foreign);
  return {
    invariant,
    offenders: damaged,
    total: Number(damaged[0]?.total ?? 0),
    foreign: { total: Number(newest?.total ?? 0), newest },
  };
}

async function sizeOf(
  trx: Kysely<Database>,
  phase: SchemaPhase,
  user: UserId | undefined,
): Promise<Verification['size']> {
  const whose = user === undefined ? sql`true` : sql`user_id = ${user}`;
  const positions = sql`
    (SELECT count(*) FROM order_fills JOIN orders USING (order_id) WHERE ${whose}) AS fills,
    (SELECT count(*) FROM positions WHERE ${whose}) AS positions`;
  const { rows } = await sql<Record<keyof Verification['size'], string>>`
    SELECT (SELECT count(*) FROM orders WHERE ${whose}) AS orders,
      ${phase < 2 ? sql`0 AS fills, 0 AS positions` : positions}`.execute(trx);
  const { orders = 0, fills = 0, positions: held = 0 } = rows[0] ?? {};
  return { orders: Number(orders), fills: Number(fills), positions: Number(held) };
}
