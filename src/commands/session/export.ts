import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { exportDetails, exported, exportFields, exportFlags, exportQuery } from '../_shared/export.ts';
import { sessionFields } from './fields.ts';
import { selectSessions, sessionFilter } from './filter.ts';

export const exportSessions = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ output }) => output === undefined,
  phase: 3,
  args: {},
  flags: { ...sessionFilter, ...exportFlags },
  fields: exportFields,
  answer: exported,
  examples: ['session export --since 2026-01-01 --output sessions.csv'],
  details: exportDetails,
  async run(input, ctx: Context) {
    await requireNamed(await ctx.db(), input);
    return exportQuery(ctx, input, () => selectSessions(input, ctx), sessionFields);
  },
});
