import { defineCommand } from '../../cli/command.ts';
import { json, optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { unitOfRule } from '../_shared/unit-of-rule.ts';

export const check = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  entries: 'none',
  phase: 4,
  singleInstance: true,
  args: { user: optional(parsed(userId, 'USER', 'every rule of this user')) },
  flags: {
    order: optional(json('JSON', 'evaluate this order instead; changes nothing')),
    changed: toggle('only what is new since the last check, for cron'),
  },
  fields: {
    user_id: { type: 'text' },
    rule_type: { type: 'text' },
    limit: { type: 'number', kind: unitOfRule },
    current: { type: 'number', kind: unitOfRule },
    projected: { type: 'number', kind: unitOfRule, optional: true },
    headroom: { type: 'number', kind: unitOfRule },
    verdict: { type: 'text', kind: 'state' },
    newly: { type: 'boolean' },
    message: { type: 'text' },
  },
  examples: [
    'risk check',
    'risk check trader_001 --json rule_type,current,limit,verdict',
    `risk check trader_001 --order '{"symbol":"TCS","side":"BUY","quantity":10,"price":4000,"strategy_id":null}'`,
  ],
  details: `Evaluates every rule, stores the result, and alerts a user when a rule becomes violated or clears. Without USER it
prints what is violated, cannot be evaluated or has cleared. Ends 6 if a rule is violated or cannot be evaluated.
With --changed it prints, and ends 6 for, only rules that are newly violated, newly cannot be evaluated, or have cleared: a job that
runs every few minutes reports each once.
With --order it changes nothing and prints the value of each rule before the order (current) and with it
(projected), and the room that the limit leaves before the order (headroom); ends 6 if the order would be refused.`,
  async run({ user, order, changed }, ctx: Context) {
    if (order && changed) throw usage('--order and --changed exclude each other.');
    if (order && user === undefined) throw usage('--order needs the USER who would place it.');
    const { checkRules, previewOrder } = await import('../../trading/risk/check-rules.ts');
    return order && user !== undefined ? previewOrder(ctx, user, order) : checkRules(ctx, user, changed);
  },
});
