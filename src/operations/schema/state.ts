import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { STRICT_RULES, type StrictRule } from './rules.ts';

/** A rule as it is in the database: `partly` while it is being set. */
export interface RuleState {
  rule: StrictRule;
  state: 'set' | 'partly' | 'lifted';
}

/** Every rule, and whether the database has it. */
export async function readRules(db: Kysely<Database>): Promise<RuleState[]> {
  const { rows } = await sql<{ name: string; whole: boolean }>`
    SELECT conname::text AS name, convalidated AS whole FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND k.contype <> 't'
    UNION ALL
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisunique AND c.relnamespace = current_schema()::regnamespace
    UNION ALL
    SELECT 'risk_rules_of_a_user', true FROM pg_attribute
    WHERE attrelid = 'risk_rules'::regclass AND attname = 'user_id' AND attnotnull
    UNION ALL
    SELECT t.tgname, true FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE t.tgenabled <> 'D' AND NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace`.execute(
    db,
  );
  const found = new Map(rows.map(({ name, whole }) => [name, whole]));
  return STRICT_RULES.map((rule) => {
    const whole = found.get(rule.name);
    return { rule, state: whole === undefined ? 'lifted' : whole ? 'set' : 'partly' };
  });
}

/** How many rows break each rule that other rows may break, with the last of them. */
export async function countOffenders(db: Kysely<Database>) {
  const counts: { rule: StrictRule; rows: number; example: string | null }[] = [];
  for (const rule of STRICT_RULES) {
    if (rule.offenders === undefined) continue;
    const { rows } = await sql<{ rows: number; example: string | null }>`
      SELECT count(*)::int AS rows, max(id) AS example FROM (${sql.raw(rule.offenders)}) AS offenders`.execute(
      db,
    );
    counts.push({ rule, rows: rows[0]?.rows ?? 0, example: rows[0]?.example ?? null });
  }
  return counts;
}
