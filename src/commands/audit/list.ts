import { parseBody } from '../../audit/canonical-json.ts';
import { defineCommand } from '../../cli/command.ts';
import { optional, text, time } from '../../cli/flags.ts';
import { page, pageFlags } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { AUDIT_COLUMNS, auditFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  args: {},
  flags: {
    actor: optional(text('ROLE', 'by this database role')),
    command: optional(text('COMMAND', 'of this command, such as "order place", or denied')),
    target: optional(text('TARGET', 'of this thing, such as "user trader_001"')),
    since: optional(time('written at this time or later')),
    until: optional(time('written before this time')),
    ...pageFlags,
  },
  fields: auditFields,
  examples: [
    'audit list --since today',
    'audit list --target "user trader_001" --json id,at,command,body',
    'audit list --command denied --all --csv',
  ],
  details:
    'Refused commands are listed under the command denied; the body names the refused command and the reason.',
  async run(input, ctx: Context) {
    const { actor, command, target } = input;
    const since = input.since && (await ctx.instant('--since', input.since));
    const until = input.until && (await ctx.instant('--until', input.until));
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      async (limit, after) => {
        let entries = db.selectFrom('audit_log').select(AUDIT_COLUMNS);
        if (actor) entries = entries.where('actor', '=', actor);
        if (command) entries = entries.where('command', '=', command);
        if (target) entries = entries.where('target', '=', target);
        if (since) entries = entries.where('at', '>=', since);
        if (until) entries = entries.where('at', '<', until);
        if (after) entries = entries.where('id', '<', after[0] ?? '0');
        const rows = await entries.orderBy('id', 'desc').limit(limit).execute();
        return rows.map((row) => ({ ...row, body: parseBody(row.body) }));
      },
      ({ id }) => [id],
      async () => {
        const { requireKnown } = await import('../../audit/require-known.ts');
        await requireKnown(db, { actor, command, target });
      },
    );
  },
});
