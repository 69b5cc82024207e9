import type { Kind } from '../../cli/result.ts';
import type { Row } from '../../cli/rows.ts';
import type { RuleType } from '../../domain/enums.ts';
import { RISK_RULES } from '../../domain/risk-rules.ts';

/** The unit of the limits and values of a rule, by its type. */
export function unitOfRule(row: Row): Kind | undefined {
  const { unit } = RISK_RULES[(row as { rule_type: RuleType }).rule_type] ?? {};
  return unit === 'orders' ? undefined : unit;
}
