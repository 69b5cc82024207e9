import { readBody } from '../../audit/canonical-json.ts';
import { AUDIT_COLUMNS } from '../../audit/columns.ts';
import { defineCommand } from '../../cli/command.ts';
import { integer } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { notFound } from '../../util/failure.ts';
import { auditFields } from './fields.ts';

export const show = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  args: { entry: integer('ID', 'the entry', 1, Number.MAX_SAFE_INTEGER) },
  flags: {},
  fields: {
    ...auditFields,
    txid: { type: 'integer' },
    body: { type: 'json' },
    state: { type: 'text', kind: 'state' },
    seq: { type: 'integer' },
    hash: { type: 'text' },
    neighbours: {
      type: 'rows',
      of: { seq: { type: 'integer' }, id: { type: 'integer' }, state: { type: 'text', kind: 'state' } },
    },
  },
  examples: ['audit show 42', 'audit show 42 --json command,body,state'],
  details:
    'An entry is sealed, altered or not sealed yet; its neighbours are the entries before and after it in the chain.',
  async run({ entry }, ctx: Context) {
    const { inspectSeal } = await import('../../audit/inspect-seal.ts');
    const db = await ctx.db();
    const found = await db
      .selectFrom('audit_log')
      .select(AUDIT_COLUMNS)
      .where('id', '=', String(entry))
      .executeTakeFirst();
    if (!found) throw notFound('audit entry', String(entry), 'See: pinnacle audit list');
    return { ...found, ...readBody(found.body), ...(await inspectSeal(db, found.id)) };
  },
});
