import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { merged, mergeFields } from './fields.ts';

export const unmergeSymbol = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  args: { merge: identifier('MERGE', 'the merge') },
  flags: { user: optional(parsed(userId, 'USER', 'only the book of this user')) },
  fields: mergeFields,
  answer: merged((old, now) => `Took ${old} out of ${now} again`),
  examples: [
    'position unmerge-symbol mrg_01 --dry-run',
    'position unmerge-symbol mrg_01 --user trader_001 --yes',
  ],
  details: `Every order, execution and position that had the old name gets it back, and the positions are rebuilt as they were.
Refused if executions under the new name were booked, corrected, taken back or merged since. The alias stays: what is
imported under the old name is booked under the new one until symbol unalias.`,
  async run({ merge, user }, ctx: Context) {
    const { unmergeSymbol } = await import('../../trading/symbols/unmerge-symbol.ts');
    return unmergeSymbol(ctx, merge, user);
  },
});
