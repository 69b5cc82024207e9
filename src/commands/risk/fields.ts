import type { Fields } from '../../cli/result.ts';
import { unitOfRule } from '../_shared/unit-of-rule.ts';

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

/** The same with what is used of the limit, in percent, and what is left. */
export const usedRuleFields = {
  ...ruleFields,
  use: { type: 'number', kind: 'use', hidden: 'piped' },
  headroom: { type: 'number', kind: unitOfRule, hidden: 'piped' },
} as const satisfies Fields;

/** A row of trading_halts; without user_id it halts everyone. */
export const haltFields = {
  halt_id: { type: 'text' },
  user_id: { type: 'text' },
  reason: { type: 'text' },
  halted_by: { type: 'text' },
  halted_at: { type: 'time' },
} as const satisfies Fields;
