import { defineCommand } from '../../cli/command.ts';
import { choice, day, optional, parsed, toggle } from '../../cli/flags.ts';
import { dayKeyset, page, pageFlags } from '../../cli/pagination.ts';
import { optionalFields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { FLOW_KINDS } from '../../domain/cash-flow.ts';
import { userId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';
import { flowFields } from './flow-fields.ts';

export const flows = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 4,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {
    since: optional(day('of this trading day or later')),
    until: optional(day('up to this trading day, included')),
    kind: optional(choice(FLOW_KINDS, 'KIND', 'of this kind')),
    totals: toggle('what each kind comes to, instead of the rows'),
    ...pageFlags,
  },
  fields: {
    ...optionalFields(flowFields),
    flows: { type: 'integer', onlyWithFlag: 'totals', optional: true },
  },
  examples: [
    'user flows trader_001',
    'user flows trader_001 --since 2026-04-01 --kind deposit',
    'user flows trader_001 --since 2026-04-01 --totals',
  ],
  details: `Latest day first. In --totals a correction counts to the kind that it counters.`,
  async run({ user, since, until, kind, totals, ...paging }, ctx: Context) {
    if (since !== undefined && until !== undefined && since > until)
      throw usage('--since is later than --until.');
    const isPaged = paging.all || paging.limit !== undefined || paging.after !== undefined;
    if (totals && isPaged) throw usage('--totals has no pages: leave out --limit, --all and --after.');
    const { selectFlows, sumFlows } = await import('../../trading/flows/list-flows.ts');
    const source = await ctx.source();
    const filter = { user, since, until, kind };
    if (totals) {
      await findUser(source.db, user);
      return sumFlows(source, filter);
    }
    const read = selectFlows(source, filter);
    return page(
      paging,
      ctx.io,
      (limit, after) => read(limit, after && dayKeyset(after)),
      (row) => [row.day, row.flow_id],
      async () => void (await findUser(source.db, user)),
    );
  },
});
