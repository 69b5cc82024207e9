import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import { idKeyset, page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import type { RuleType } from '../../domain/enums.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { RULE_COLUMNS } from '../../trading/risk/store.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { ruleFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 4,
  args: { user: optional(parsed(userId, 'USER', 'rules of this user')) },
  flags: { violated: toggle('only rules that are violated'), ...pageFlags },
  fields: ruleFields,
  madeBy: 'risk set',
  examples: ['risk list trader_001', 'risk list --violated --json user_id,rule_type'],
  details: 'Current values and violations are those of the last risk check.',
  async run(input, ctx: Context) {
    const { user, violated } = input;
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let rules = db.selectFrom('risk_rules').select(RULE_COLUMNS);
        if (user) rules = rules.where('user_id', '=', user);
        if (violated) rules = rules.where('is_violated', '=', true);
        if (after)
          rules = rules.where((eb) =>
            eb(
              eb.refTuple('user_id', 'rule_type'),
              '>',
              eb.tuple(idKeyset<UserId>(after), after[1] as RuleType),
            ),
          );
        return rules.orderBy('user_id').orderBy('rule_type').limit(limit).execute();
      },
      (rule) => [rule.user_id, rule.rule_type],
      async () => requireNamed(await ctx.db(), { user }),
    );
  },
});
