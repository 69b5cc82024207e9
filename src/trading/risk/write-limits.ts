import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Template } from '../../domain/risk-limits.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/** Sets limits of a user in one statement; false if none changed. The user must be locked. */
export async function writeRules(trx: Trx, userId: UserId, limits: Template, now: Date): Promise<boolean> {
  const rows = Object.entries(limits).map(([rule_type, rule_value]) => ({
    rule_id: mintId('rul', now),
    rule_type,
    rule_value,
  }));
  const at = instant(now);
  const written = await sql`
    INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, created_at, updated_at)
    SELECT rule_id, ${userId}, rule_type::rule_type, rule_value, ${at}::timestamp, ${at}::timestamp
    FROM ${unnest('r', { rule_id: 'text', rule_type: 'text', rule_value: 'float8' }, rows)}
    ON CONFLICT (user_id, rule_type) DO UPDATE
    SET rule_value = excluded.rule_value, updated_at = excluded.updated_at
    WHERE risk_rules.rule_value <> excluded.rule_value
    RETURNING rule_id`.execute(trx.db);
  return written.rows.length > 0;
}
