import { auditTarget, changed } from '../../audit/outcome.ts';
import { defineCommand } from '../../cli/command.ts';
import { choice, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { RULE_COLUMNS } from '../../trading/risk/store.ts';
import { lockUser } from '../../trading/users/store.ts';
import { notFound } from '../../util/failure.ts';
import { ruleFields } from './fields.ts';

export const remove = defineCommand({
  effect: 'write',
  phase: 4,
  args: {
    user: parsed(userId, 'USER', 'the user'),
    rule: choice(RULE_TYPES, 'RULE_TYPE', 'the rule'),
  },
  flags: {},
  fields: ruleFields,
  examples: ['risk remove trader_001 MAX_DAILY_LOSS'],
  async run({ user, rule }, ctx: Context) {
    return ctx.change(async (trx) => {
      await lockUser(trx, user);
      const removed = await trx.db
        .deleteFrom('risk_rules')
        .where('user_id', '=', user)
        .where('rule_type', '=', rule)
        .returning(RULE_COLUMNS)
        .executeTakeFirst();
      if (!removed) throw notFound('risk rule', `${rule} of ${user}`, `See: pinnacle risk list ${user}`);
      return changed(removed, auditTarget('user', user), { removed });
    });
  },
});
