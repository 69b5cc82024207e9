import { defineCommand } from '../../cli/command.ts';
import { choice, formerly, optional, parsed, several, toggle } from '../../cli/flags.ts';
import { type Keyset, notACursor, page, pageFlags, partsOf } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES, type RuleType } from '../../domain/enums.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { useOfLimit } from '../../domain/risk-rules.ts';
import { RULE_COLUMNS } from '../../trading/risk/store.ts';
import { requireNamed, requireSeveral } from '../../trading/strategies/require-named.ts';
import { usedRuleFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 4,
  args: {},
  flags: {
    user: formerly('argument', optional(several(parsed(userId, 'USER', 'rules of this user')))),
    rule: optional(several(choice(RULE_TYPES, 'RULE_TYPE', 'rules of this type'))),
    violated: toggle('only rules that are violated'),
    ...pageFlags,
  },
  fields: usedRuleFields,
  madeBy: 'risk set',
  examples: [
    'risk list --user trader_001',
    'risk list --rule MAX_DRAWDOWN,MAX_DAILY_LOSS',
    'risk list --violated --json user_id,rule_type',
  ],
  details: `Current values and violations are those of the last risk check. use is the percentage of the limit that is used, and headroom
what is left; of MIN_CAPITAL_THRESHOLD 100 percent is a capital at the threshold. A terminal draws use as a bar.`,
  async run(input, ctx: Context) {
    const { user, rule, violated } = input;
    const db = await ctx.db();
    await requireSeveral(db, { user });
    return page(
      input,
      ctx.io,
      async (limit, after) => {
        let rules = db.selectFrom('risk_rules').select(RULE_COLUMNS);
        if (user) rules = rules.where('user_id', 'in', user);
        if (rule) rules = rules.where('rule_type', 'in', rule);
        if (violated) rules = rules.where('is_violated', '=', true);
        if (after)
          rules = rules.where((eb) =>
            eb(eb.refTuple('user_id', 'rule_type'), '>', eb.tuple(...ruleKeyset(after))),
          );
        const found = await rules.orderBy('user_id').orderBy('rule_type').limit(limit).execute();
        return found.map((rule) => ({
          ...rule,
          ...useOfLimit(rule.rule_type, rule.current_value, rule.rule_value),
        }));
      },
      (rule) => [rule.user_id, rule.rule_type],
      async () => requireNamed(db, { user }),
    );
  },
});

/** The rule behind which a page begins; throws a usage error if the cursor belongs to another list. */
function ruleKeyset(keyset: Keyset): [UserId, RuleType] {
  const [user = '', name] = partsOf(keyset, 2);
  const rule = RULE_TYPES.find((type) => type === name);
  if (rule === undefined) throw notACursor();
  return [user as UserId, rule];
}
