import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { RuleType } from '../../domain/enums.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Template } from '../../domain/risk-limits.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/** A limit of a user. */
export interface Limit {
  user_id: UserId;
  rule_type: RuleType;
  rule_value: number;
}

/** The limits of a template as those of a user. */
export const limitsFor = (user_id: UserId, template: Template): Limit[] =>
  Object.entries(template).map(([rule_type, rule_value]) => ({
    user_id,
    rule_type: rule_type as RuleType,
    rule_value,
  }));

/** Rules of one user as an audit entry has them. */
export const limitsIn = (rules: readonly Pick<Limit, 'rule_type' | 'rule_value'>[]) =>
  Object.fromEntries(rules.map(({ rule_type, rule_value }) => [rule_type, rule_value]));

/** Sets limits in one statement; gives the users for whom one changed. The users must be locked. */
export async function writeRules(trx: Trx, limits: readonly Limit[], now: Date): Promise<UserId[]> {
  if (limits.length === 0) return [];
  const rows = limits.map((limit) => ({ ...limit, rule_id: mintId('rul', now) }));
  const at = instant(now);
  const types = { rule_id: 'text', user_id: 'text', rule_type: 'text', rule_value: 'float8' } as const;
  // Other services may have written a second rule of a type: a limit is what all of them say.
  const written = await sql<{ user_id: UserId }>`
    WITH wanted AS (
      SELECT rule_id, user_id, rule_type, rule_value FROM ${unnest('r', types, rows)}
    ), changed AS (
      UPDATE risk_rules r SET rule_value = w.rule_value, updated_at = ${at}::timestamp
      FROM wanted w
      WHERE r.user_id = w.user_id AND r.rule_type::text = w.rule_type AND r.rule_value <> w.rule_value
      RETURNING r.user_id
    ), added AS (
      INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, created_at, updated_at)
      SELECT rule_id, user_id, rule_type::rule_type, rule_value, ${at}::timestamp, ${at}::timestamp FROM wanted w
      WHERE NOT EXISTS (SELECT FROM risk_rules r WHERE r.user_id = w.user_id AND r.rule_type::text = w.rule_type)
      RETURNING user_id
    )
    SELECT user_id FROM changed UNION SELECT user_id FROM added ORDER BY user_id`.execute(trx.db);
  return written.rows.map(({ user_id }) => user_id);
}
