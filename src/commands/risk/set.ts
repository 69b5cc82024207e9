import { defineCommand } from '../../cli/command.ts';
import { choice, decimal, optional, orAlone, parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { limitProblem, type Templates } from '../../domain/risk-limits.ts';
import {
  BUILT_IN_TEMPLATES,
  builtInLimits,
  describeTemplates,
  isBuiltIn,
} from '../../domain/risk-templates.ts';
import { RISK_TOLERANCES } from '../../domain/user.ts';
import type { TemplateRequest } from '../../trading/risk/set-templates.ts';
import { usage } from '../../util/failure.ts';
import { ruleFields } from './fields.ts';

/** The template that is chosen by the risk tolerance of each user. */
const BY_TOLERANCE = 'tolerance';
const NAMES = [...Object.keys(BUILT_IN_TEMPLATES), ...RISK_TOLERANCES, BY_TOLERANCE];

export const set = defineCommand({
  effect: 'write',
  phase: 4,
  entries: 'each',
  args: {
    user: requiredUnless('all', parsed(userId, 'USER', 'the user')),
    rule: requiredUnless('template', choice(RULE_TYPES, 'RULE_TYPE', 'the rule')),
    value: requiredUnless('template', decimal('VALUE', 'its limit: rupees, percent or orders')),
  },
  flags: {
    template: orAlone(
      optional(choice(NAMES, 'NAME', 'set the rules of a template; alone, that of the risk tolerance')),
      BY_TOLERANCE,
    ),
    all: toggle('with --template: for every enabled user without rules'),
    replace: toggle('with --all: for users with rules, too'),
  },
  fields: ruleFields,
  answer: ({ rule_type, rule_value, user_id }) => ({
    done: `Set ${rule_type} of ${user_id} to ${rule_value}`,
    next: ['risk', 'list', '--user', user_id],
  }),
  examples: [
    'risk set trader_001 MAX_DAILY_LOSS 25000',
    'risk set trader_001 MAX_DRAWDOWN 7.5',
    'risk set trader_001 --template standard',
    'risk set --template standard --all --dry-run',
  ],
  details: `An existing rule gets the new limit. These templates need no configuration:
${describeTemplates()}
Percent of the capital is that of this moment, in whole rupees. low, medium and high are those of the configuration, and tolerance is the
one of them that the user's risk tolerance names:
${example('medium')}
Rules that a template does not name stay unchanged. --all keeps the rules of users who have any, and names these users, unless
--replace is given; a user to whom the template gives no rules is named, and the command ends 6. --dry-run shows what would be set.`,
  async run({ user, rule, value, template, all, replace }, ctx: Context) {
    if (template !== undefined && rule !== undefined) throw usage('--template takes no RULE_TYPE and VALUE.');
    if (all && user !== undefined) throw usage('Name a USER or give --all, not both.');
    if (all && template === undefined) throw usage('--all needs --template.');
    if (replace && !all) throw usage('--replace needs --all.');
    const problem = rule && limitProblem(rule, value);
    if (problem) throw usage(`VALUE ${problem}, not ${value}.`);
    const { setLimit, setTemplate } = await import('../../trading/risk/set-limits.ts');
    if (template !== undefined) {
      const templateFor = templates(template, (await ctx.config()).risk.templates);
      return setTemplate(ctx, user, { template, replace, templateFor });
    }
    if (user === undefined || rule === undefined || value === undefined)
      throw usage('A limit needs USER, RULE_TYPE and VALUE.');
    return setLimit(ctx, user, rule, value);
  },
});

/** What a template gives an account: a built-in one, or one of the configuration. */
const templates =
  (name: string, configured: Templates): TemplateRequest['templateFor'] =>
  ({ risk_tolerance, total_capital }) => {
    if (isBuiltIn(name))
      return {
        hint: 'See what it sets: pinnacle risk set --help',
        ...builtInLimits(name, Number(total_capital)),
      };
    const tolerance = name === BY_TOLERANCE ? risk_tolerance : name;
    const limits = Object.hasOwn(configured, tolerance) ? configured[tolerance] : undefined;
    if (limits && Object.keys(limits).length > 0) return { limits };
    return {
      problem: `The configuration has no risk template for the tolerance ${tolerance}`,
      hint: `Add one: ${example(tolerance)}\nOr take one that needs none: --template standard`,
    };
  };

function example(tolerance: string): string {
  return `{ "risk": { "templates": { "${tolerance}": { "MAX_DRAWDOWN": 10, "MAX_ORDERS_PER_DAY": 200 } } } }`;
}
