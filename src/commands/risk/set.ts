import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import { defineCommand } from '../../cli/command.ts';
import { choice, decimal, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES, type RuleType } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { limitProblem, type Template } from '../../domain/risk-limits.ts';
import { findRules } from '../../trading/risk/store.ts';
import { lockUser } from '../../trading/users/store.ts';
import { refused, usage } from '../../util/failure.ts';
import { ruleFields } from './fields.ts';

export const set = defineCommand({
  effect: 'write',
  phase: 4,
  args: {
    user: parsed(userId, 'USER', 'the user'),
    rule: requiredUnless('template', choice(RULE_TYPES, 'RULE_TYPE', 'the rule')),
    value: requiredUnless('template', decimal('VALUE', 'its limit: rupees, percent or orders')),
  },
  flags: { template: toggle("set the rules that the configuration has for the user's risk tolerance") },
  fields: ruleFields,
  examples: [
    'risk set trader_001 MAX_DAILY_LOSS 25000',
    'risk set trader_001 MAX_DRAWDOWN 7.5',
    'risk set trader_001 --template',
  ],
  details: `An existing rule gets the new limit. Templates are part of the configuration, by risk tolerance:
${example('medium')}
Rules that a template does not name stay unchanged.`,
  async run({ user, rule, value, template }, ctx: Context) {
    if (template && rule !== undefined) throw usage('--template takes no RULE_TYPE and VALUE.');
    const problem = rule && limitProblem(rule, value);
    if (problem) throw usage(`VALUE ${problem}, not ${value}.`);
    const { writeRules } = await import('../../trading/risk/write-limits.ts');
    const { templates } = (await ctx.config()).risk;
    return ctx.change(async (trx) => {
      const { risk_tolerance } = await lockUser(trx, user);
      const limits = rule ? { [rule]: value } : templateFor(risk_tolerance, templates);
      const types = Object.keys(limits) as RuleType[];
      const before = await findRules(trx.db, user, types);
      const differ = await writeRules(trx, user, limits, ctx.now());
      const after = await findRules(trx.db, user, types);
      const limitsOf = (rules: typeof before) =>
        Object.fromEntries(rules.map(({ rule_type, rule_value }) => [rule_type, rule_value]));
      const result = rule ? onlyRow(after) : after;
      if (!differ) return unchanged(result);
      return changed(result, auditTarget('user', user), { before: limitsOf(before), after: limitsOf(after) });
    });
  },
});

function onlyRow<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('a rule that was just written is there');
  return row;
}

function templateFor(tolerance: string, templates: Readonly<Partial<Record<string, Template>>>): Template {
  const template = Object.hasOwn(templates, tolerance) ? templates[tolerance] : undefined;
  if (template && Object.keys(template).length > 0) return template;
  throw refused(
    'NO_TEMPLATE',
    `The configuration has no risk template for the tolerance ${tolerance}.`,
    `Add one: ${example(tolerance)}`,
  );
}

function example(tolerance: string): string {
  return `{ "risk": { "templates": { "${tolerance}": { "MAX_DRAWDOWN": 10, "MAX_ORDERS_PER_DAY": 200 } } } }`;
}
