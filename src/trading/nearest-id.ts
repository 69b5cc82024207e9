import { setTimeout as wait } from 'node:timers/promises';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import type { Missing } from '../util/error-codes.ts';
import { Failure } from '../util/failure.ts';
import { closestMatch } from '../util/text.ts';

/** What a person waits for a suggestion, and how many ids of about the same length are compared. */
const PATIENCE_MS = 250;
const AT_MOST = 10_000;
const MOST_EDITS = 3;

/** What people name by ids of their own, which may be mistyped. */
const NAMED: Partial<Record<Missing, RawBuilder<{ id: string }>>> = {
  user: sql`SELECT user_id AS id FROM users`,
  strategy: sql`SELECT strategy_id AS id FROM strategies`,
  instrument: sql`SELECT symbol AS id FROM instruments`,
};

/** The failure of what is not there, with the id that may be meant, if one is spelled much like it and the database says so in time. */
export async function withNearestId(failure: Failure, db: () => Promise<Kysely<Database>>): Promise<Failure> {
  const { kind, code, message, details } = failure;
  const nearest = details.missing && (await nearestId(db, details.missing));
  if (nearest === undefined) return failure;
  const hint = [`Did you mean ${nearest}?`, details.hint].filter(Boolean).join(' ');
  return new Failure(kind, code, message, { ...details, hint });
}

/** The known id that is spelled most like one that is not there; undefined if none is, or the database is late or refuses. */
async function nearestId(
  db: () => Promise<Kysely<Database>>,
  { kind, id }: { kind: Missing; id: string },
): Promise<string | undefined> {
  const rows = NAMED[kind];
  if (!rows) return undefined;
  const late = new AbortController();
  const read = async () => {
    const found = await sql<{ id: string }>`
      SELECT id FROM (${rows}) AS known WHERE length(id) BETWEEN ${id.length - MOST_EDITS} AND ${id.length + MOST_EDITS}
      LIMIT ${sql.lit(AT_MOST)}`.execute(await db());
    return closestMatch(
      id,
      found.rows.map((row) => row.id),
    );
  };
  return Promise.race([read(), wait(PATIENCE_MS, undefined, { signal: late.signal })])
    .catch(() => undefined)
    .finally(() => late.abort());
}
