import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { exportDetails, exported, exportFields, exportFlags, exportQuery } from '../_shared/export.ts';
import { orderWithTerms } from './fields.ts';
import { orderFilter, selectOrders, TERMS, withTerms } from './filter.ts';

export const exportOrders = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ output }) => output === undefined,
  phase: 1,
  args: {},
  flags: { ...orderFilter, ...exportFlags },
  fields: exportFields,
  answer: exported,
  examples: [
    'order export --output orders.csv.gz --gzip',
    'order export --user trader_001 --since 2026-01-01 --format ndjson | head',
  ],
  details: exportDetails,
  async run(input, ctx: Context) {
    await requireNamed(await ctx.db(), input);
    return exportQuery(
      ctx,
      input,
      async () => withTerms(await selectOrders(input, ctx), TERMS, ctx),
      orderWithTerms,
    );
  },
});
