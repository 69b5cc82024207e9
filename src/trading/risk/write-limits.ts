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
  // Other services may have written a second rule of a type: a limit is what all of them say.
  const written = await sql`
    WITH wanted AS (
      SELECT rule_id, rule_type, rule_value
      FROM ${unnest('r', { rule_id: 'text', rule_type: 'text', rule_value: 'float8' }, rows)}
    ), changed AS (
      UPDATE risk_rules r SET rule_value = w.rule_value, updated_at = ${at}::timestamp
      FROM wanted w
      WHERE r.user_id = ${userId} AND r.rule_type::text = w.rule_type AND r.rule_value <> w.rule_value
      RETURNING r.rule_id
    ), added AS (
      INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, created_at, updated_at)
      SELECT rule_id, ${userId}, rule_type::rule_type, rule_value, ${at}::timestamp, ${at}::timestamp FROM wanted w
      WHERE NOT EXISTS (SELECT FROM risk_rules r WHERE r.user_id = ${userId} AND r.rule_type::text = w.rule_type)
      RETURNING rule_id
    )
    SELECT FROM changed UNION ALL SELECT FROM added`.execute(trx.db);
  return written.rows.length > 0;
}
