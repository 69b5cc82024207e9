import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a change did, and its target: one row of audit_log. */
export interface AuditEntry {
  /** `user trader_001`, `order ord_…`. */
  target: string;
  body: Record<string, unknown>;
}

/** The origin of a change for its audit row. */
export interface Origin {
  /** The command as the operator knows it: `order place`. */
  command: string;
  /** The target according to the command line, for the record of a refused change. */
  subject?: string | undefined;
  /** Who claims to make the change, in addition to the database's session_user. */
  labels: Record<string, string>;
  /** How many milliseconds the change has taken until now; absent where that is not the time of a command. */
  tookMs?: () => number;
}

/** Writes the audit row of the transaction that is open on `db`; returns the transaction's id. */
export async function writeAudit(
  db: Kysely<Database>,
  origin: Origin,
  { target, body }: AuditEntry,
): Promise<string> {
  const { txid } = await db
    .insertInto('audit_log')
    .values({ command: origin.command, target, body: canonicalJson({ ...body, by: runOf(origin) }) })
    .returning('txid')
    .executeTakeFirstOrThrow();
  return txid;
}

/** Writes several audit rows of one change in one statement. */
export async function writeAudits(
  db: Kysely<Database>,
  origin: Origin,
  entries: readonly AuditEntry[],
): Promise<void> {
  const by = runOf(origin);
  const rows = entries.map(({ target, body }) => ({
    target,
    body: canonicalJson({ ...body, by }),
  }));
  await sql`INSERT INTO audit_log (command, target, body)
    SELECT ${origin.command}, target, body FROM ${unnest('e', { target: 'text', body: 'text' }, rows)}`.execute(
    db,
  );
}

/** What an entry tells of the run that wrote it: whose it was, and how long it had taken. */
const runOf = ({ labels, tookMs }: Origin) => ({
  ...labels,
  ...(tookMs && { duration_ms: Math.round(tookMs()) }),
});
