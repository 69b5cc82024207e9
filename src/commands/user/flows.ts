import { defineCommand } from '../../cli/command.ts';
import { choice, optional } from '../../cli/flags.ts';
import { dayKeyset, page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { FLOW_KINDS } from '../../domain/cash-flow.ts';
import { findUser } from '../../trading/users/store.ts';
import { requireOrder } from '../_shared/days.ts';
import { daysFlags, flowFields, ofUser } from './flow-fields.ts';

export const flows = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 4,
  args: ofUser,
  flags: { ...daysFlags, kind: optional(choice(FLOW_KINDS, 'KIND', 'of this kind')), ...pageFlags },
  fields: flowFields,
  madeBy: 'user deposit',
  examples: [
    'user flows trader_001',
    'user flows trader_001 --since 2026-04-01 --kind deposit',
    'user flows trader_001 --all --csv',
  ],
  details: 'What each kind comes to: user flow-totals.',
  async run({ user, since, until, kind, ...paging }, ctx: Context) {
    requireOrder({ since, until });
    const { selectFlows } = await import('../../trading/flows/list-flows.ts');
    const source = await ctx.source();
    const read = selectFlows(source, { user, since, until }, kind);
    return page(
      paging,
      ctx.io,
      (limit, after) => read(limit, after && dayKeyset(after)),
      (row) => [row.day, row.flow_id],
      async () => void (await findUser(source.db, user)),
    );
  },
});
