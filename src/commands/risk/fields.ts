import type { Fields, Kind } from '../../cli/result.ts';
import type { Row } from '../../cli/rows.ts';
import type { RuleType } from '../../domain/enums.ts';
import { RISK_RULES } from '../../domain/risk-rules.ts';

/** The unit of the limits and values of a rule, by its type. */
export function unitOfRule(row: Row): Kind | undefined {
  const { unit } = RISK_RULES[(row as { rule_type: RuleType }).rule_type] ?? {};
  return unit === 'orders' ? undefined : unit;
}

export const ruleFields = {
  rule_id: { type: 'text', hidden: true },
  user_id: { type: 'text' },
  rule_type: { type: 'text' },
  rule_value: { type: 'number', kind: unitOfRule },
  current_value: { type: 'number', kind: unitOfRule },
  is_violated: { type: 'boolean', kind: 'alarm' },
  violation_message: { type: 'text' },
  created_at: { type: 'time', hidden: true },
  updated_at: { type: 'time', hidden: true },
} as const satisfies Fields;

/** A row of trading_halts; without user_id it halts everyone. */
export const haltFields = {
  halt_id: { type: 'text' },
  user_id: { type: 'text' },
  reason: { type: 'text' },
  halted_by: { type: 'text' },
  halted_at: { type: 'time' },
} as const satisfies Fields;
