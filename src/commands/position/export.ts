import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { exportDetails, exported, exportFields, exportFlags, exportQuery } from '../_shared/export.ts';
import { positionFields } from './fields.ts';
import { positionFilter, selectPositions, wantedPositions } from './filter.ts';

export const exportPositions = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ output }) => output === undefined,
  phase: 2,
  args: {},
  flags: { ...positionFilter, ...exportFlags },
  fields: exportFields,
  answer: exported,
  examples: ['position export --status any --output positions.csv', 'position export --format ndjson | head'],
  details: exportDetails,
  async run(input, ctx: Context) {
    await requireNamed(await ctx.db(), input);
    return exportQuery(
      ctx,
      input,
      () => selectPositions(wantedPositions(input), ctx, { many: true }),
      positionFields,
    );
  },
});
