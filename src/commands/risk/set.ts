import { defineCommand } from '../../cli/command.ts';
import { choice, decimal, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { limitProblem, type Template } from '../../domain/risk-limits.ts';
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
  answer: ({ rule_type, rule_value, user_id }) => ({
    done: `Set ${rule_type} of ${user_id} to ${rule_value}`,
    next: ['risk', 'list', '--user', user_id],
  }),
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
    const { setLimit, setTemplate } = await import('../../trading/risk/set-limits.ts');
    if (rule !== undefined && value !== undefined) return setLimit(ctx, user, rule, value);
    const { templates } = (await ctx.config()).risk;
    return setTemplate(ctx, user, (tolerance) => templateFor(tolerance, templates));
  },
});

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
