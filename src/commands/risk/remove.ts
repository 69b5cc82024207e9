import { defineCommand } from '../../cli/command.ts';
import { choice, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { RULE_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
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
  answer: ({ rule_type, user_id }) => ({
    done: `Removed ${rule_type} of ${user_id}`,
    next: ['risk', 'list', '--user', user_id],
  }),
  examples: ['risk remove trader_001 MAX_DAILY_LOSS'],
  async run({ user, rule }, ctx: Context) {
    const { removeLimit } = await import('../../trading/risk/remove-limit.ts');
    return removeLimit(ctx, user, rule);
  },
});
