import type { Kysely } from 'kysely';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';

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

/** A user's rules of these types, in the order of the types. */
export function findRules(db: Kysely<Database>, userId: UserId, types: readonly RuleType[]) {
  return db
    .selectFrom('risk_rules')
    .select(RULE_COLUMNS)
    .where('user_id', '=', userId)
    .where('rule_type', 'in', types)
    .orderBy('rule_type')
    .execute();
}

/** The active halts that apply to a user, the one of everyone first; all active halts if no user is named. */
export function findActiveHalts(db: Kysely<Database>, userId: UserId | undefined) {
  let halts = db
    .selectFrom('trading_halts')
    .select(['halt_id', 'user_id', 'reason', 'halted_by', 'halted_at'])
    .where('resumed_at', 'is', null);
  if (userId !== undefined)
    halts = halts.where((eb) => eb.or([eb('user_id', 'is', null), eb('user_id', '=', userId)]));
  return halts.orderBy('user_id', (order) => order.asc().nullsFirst()).execute();
}

export type ActiveHalt = Awaited<ReturnType<typeof findActiveHalts>>[number];
