import type { Kysely } from 'kysely';
import type { Database, RuleType } from '../db/schema.ts';

export const RULE_COLUMNS = [
  'rule_id',
  'user_id',
  'rule_type',
  'rule_value',
  'current_value',
  'is_violated',
  'violation_message',
  'created_at',
  'updated_at',
] as const;

/** A trader's rules of these types, in the order of the types. */
export function findRules(db: Kysely<Database>, userId: string, types: readonly RuleType[]) {
  return db
    .selectFrom('risk_rules')
    .select(RULE_COLUMNS)
    .where('user_id', '=', userId)
    .where('rule_type', 'in', types)
    .orderBy('rule_type')
    .execute();
}
