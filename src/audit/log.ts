import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a change did to what: one row of audit_log. */
export interface AuditEntry {
  /** `user trader_001`, `order ord_…`. */
  target: string;
  body: Record<string, unknown>;
}

/** Where a change comes from, as its audit row names it. */
export interface Origin {
  /** The command as the operator knows it: `order place`. */
  command: string;
  /** What it is about, as far as the command line tells: for the record of what was refused. */
  subject?: string | undefined;
  /** Who says so beside the database's own session_user. */
  labels: Record<string, string>;
}

/** Writes the audit row of the transaction that is open on `db`; gives the transaction's id. */
export async function writeAudit(
  db: Kysely<Database>,
  origin: Origin,
  { target, body }: AuditEntry,
): Promise<string> {
  const { txid } = await db
    .insertInto('audit_log')
    .values({ command: origin.command, target, body: canonicalJson({ ...body, by: origin.labels }) })
    .returning('txid')
    .executeTakeFirstOrThrow();
  return txid;
}

/** Writes an audit row for each of many things that one change made, in one statement. */
export async function writeAudits(
  db: Kysely<Database>,
  origin: Origin,
  entries: readonly AuditEntry[],
): Promise<void> {
  const rows = entries.map(({ target, body }) => ({
    target,
    body: canonicalJson({ ...body, by: origin.labels }),
  }));
  await sql`INSERT INTO audit_log (command, target, body)
    SELECT ${origin.command}, target, body FROM ${unnest('e', { target: 'text', body: 'text' }, rows)}`.execute(
    db,
  );
}
