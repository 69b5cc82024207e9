import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import { page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { haltFields } from './fields.ts';

const { user_id, reason, halted_by, halted_at, halt_id } = haltFields;

export const status = defineCommand({
  effect: 'read',
  phase: 4,
  args: { user: optional(parsed(userId, 'USER', 'the state of this user')) },
  flags: pageFlags,
  fields: {
    user_id,
    halted: { type: 'boolean', kind: 'alarm' },
    rules: { type: 'integer' },
    violated: { type: 'integer' },
    reason,
    halted_by,
    halted_at,
    halt_id: { ...halt_id, hidden: true },
  },
  madeBy: 'risk set',
  examples: ['risk status', 'risk status trader_001', 'risk status --json user_id,halted'],
  details: `One row per user who is halted or has a rule; the halt of everyone comes first and has no user_id. Violations are those
of the last risk check.`,
  async run(input, ctx: Context) {
    const { readRiskStatus } = await import('../../trading/risk/status.ts');
    const db = await ctx.db();
    if (input.user) await findUser(db, input.user);
    return page(
      input,
      ctx.io,
      (limit, after) => readRiskStatus(db, input.user, limit, after?.[0]),
      (row) => [row.user_id ?? ''],
    );
  },
});
