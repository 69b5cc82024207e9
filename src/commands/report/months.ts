import { defineCommand } from '../../cli/command.ts';
import { day, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { requireOrder } from '../_shared/days.ts';
import { monthFields } from './fields.ts';

export const months = defineCommand({
  effect: 'read',
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user (default: all, one row a user and month)')),
    since: optional(day('from this trading day on')),
    until: optional(day('up to this trading day, included')),
  },
  fields: monthFields,
  madeBy: 'order fill',
  examples: ['report months --user trader_001', 'report months --since 2026-04-01 --csv'],
  details: `The months in which something was executed or money moved: capital at the start and the end, and the time-weighted
return in percent, as docs/reports.md has it.`,
  async run(input, ctx: Context) {
    requireOrder(input);
    const { readMonths } = await import('../../trading/performance/stream.ts');
    return readMonths(ctx, { ...input, strategy: undefined, symbol: undefined });
  },
});
