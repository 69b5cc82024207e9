import { firstListed } from '../../audit/outcome.ts';
import type { Notice } from '../../domain/notice.ts';
import { RISK_RULES } from '../../domain/risk-rules.ts';
import type { CheckedRule } from './evaluate-rules.ts';

/** The notification for a rule that is newly violated, or no longer. */
export function breachNotice({ user_id, rule_type, verdict, message, limit, current }: CheckedRule): Notice {
  const broken = verdict === 'violated';
  return {
    user_id,
    notification_type: 'RISK_ALERT',
    alert_level: broken ? RISK_RULES[rule_type].severity : 'INFO',
    title: `${rule_type} is ${broken ? 'violated' : 'no longer violated'}`,
    message,
    data: { rule_type, limit, current },
  };
}

/** The audit body of a check: how many rules broke and cleared, and the first thousand of them. */
export function breachAudit(news: readonly CheckedRule[]) {
  const violated = news.filter(({ verdict }) => verdict === 'violated').length;
  return {
    violated,
    cleared: news.length - violated,
    rules: firstListed(news).map(({ user_id, message, verdict }) => ({ user_id, verdict, message })),
  };
}
