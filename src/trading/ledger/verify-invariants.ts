import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { SchemaPhase, Source } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { INVARIANTS, type Invariant } from './invariants.ts';

interface Finding {
  invariant: Invariant;
  /** The first hundred. */
  offenders: { id: string; detail: string }[];
  total: number;
}

/** The result of a verification: every invariant of the phase, and how many rows were checked. */
interface Verification {
  findings: Finding[];
  size: { orders: number; fills: number; positions: number };
}

const MAX_SHOWN = 100;

/** Verifies every invariant on one snapshot of the database, for one user or for all. */
export async function verifyInvariants(source: Source, user: UserId | undefined): Promise<Verification> {
  return source.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute((trx) => checkInvariants({ ...source, db: trx }, user));
}

/** The same within a transaction, whose snapshot it checks. */
export async function checkInvariants(
  { db, phase }: Source,
  user: UserId | undefined,
): Promise<Verification> {
  const findings: Finding[] = [];
  for (const invariant of INVARIANTS.filter((each) => each.phase <= phase))
    findings.push(await findViolations(db, invariant, user));
  return { findings, size: await sizeOf(db, phase, user) };
}

async function findViolations(
  trx: Kysely<Database>,
  invariant: Invariant,
  user: UserId | undefined,
): Promise<Finding> {
  const { rows } = await sql<{ id: string; detail: string; total: string }>`
    SELECT id, detail, count(*) OVER () AS total FROM (${invariant.offenders(user)}) AS offender
    ORDER BY id LIMIT ${MAX_SHOWN}`.execute(trx);
  return { invariant, offenders: rows, total: Number(rows[0]?.total ?? 0) };
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
