import { readBody } from '../../audit/canonical-json.ts';
import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, several, text, time } from '../../cli/flags.ts';
import { pageFlags } from '../../cli/pagination.ts';
import { type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { sortedPage } from '../_shared/sorted-page.ts';
import { auditFields } from './fields.ts';

const SORTS = { id: { columns: ['id'], first: 'number' } } as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  args: {},
  flags: {
    user: optional(several(parsed(userId, 'USER', 'about this user, or an order or other row of this user'))),
    actor: optional(text('ROLE', 'by this database role')),
    command: optional(several(text('COMMAND', 'of this command, such as "order place", or denied'))),
    target: optional(text('TARGET', 'of this thing, such as "user trader_001"')),
    since: optional(time('written at this time or later')),
    until: optional(time('written before this time')),
    reverse: sortFlags(SORTS).reverse,
    ...pageFlags,
  },
  fields: auditFields,
  examples: [
    'audit list --since today',
    'audit list --user trader_001 --since yesterday',
    'audit list --target "user trader_001" --json id,at,command,body',
    'audit list --command denied --all --csv',
  ],
  details: `Refused commands are listed under the command denied; the body names the refused command and the reason. duration_ms
is what the change had taken when the entry was written, from the beginning of the command, but for questions. Reads write no entry. --user finds what is
about the user and the user's orders, positions, sessions and notifications; without --since it reads the whole log.`,
  async run(input, ctx: Context) {
    const { user, actor, command, target } = input;
    const since = input.since === undefined ? undefined : await ctx.instant('--since', input.since);
    const until = input.until === undefined ? undefined : await ctx.instant('--until', input.until);
    const { findEntries } = await import('../../audit/find-entries.ts');
    // Without a user the phase, which costs a round trip to know, does not matter.
    const phase = user === undefined ? 1 : await ctx.phase();
    const { entries, check } = findEntries(await ctx.db(), phase, {
      user,
      actor,
      command,
      target,
      since,
      until,
    });
    return sortedPage(
      ctx,
      { ...input, sort: 'id' },
      {
        sorts: SORTS,
        selections: [entries],
        named: { user },
        complete: async (rows) => rows.map((row) => ({ ...row, ...readBody(row.body) })),
        whenNone: check,
      },
    );
  },
});
