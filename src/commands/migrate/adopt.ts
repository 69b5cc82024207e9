import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { lockWait } from './fields.ts';

export const adopt = defineCommand({
  effect: 'write',
  roles: ['owner'],
  repeat: 'resumes',
  args: {},
  flags: {
    plan: toggle('only show what would be done, row by row; exit 6 if anything is refused'),
    naiveZone: optional(
      text('ZONE', 'the time zone of timestamps that have none, such as Asia/Kolkata (default: UTC)'),
    ),
    hashKeys: toggle('store API keys as their SHA-256'),
    lockWait,
  },
  fields: {
    table: { type: 'text' },
    kind: { type: 'text' },
    object: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    detail: { type: 'text' },
    rows: { type: 'integer' },
    example: { type: 'text' },
    sql: { type: 'text' },
  },
  examples: ['migrate adopt --plan', 'migrate adopt', 'migrate adopt --naive-zone Asia/Kolkata --dry-run'],
  details:
    'Takes over a database whose tables another program made: converts them in place, in one transaction that other writers wait for, creates what is missing, keeps every row, and columns, tables and indexes that it does not know. Nothing is changed if anything is refused. Everything about it: docs/adoption.md.',
  async run({ plan, lockWait, ...options }, ctx: Context) {
    const { adoptDatabase, planOnly } = await import('../../operations/adoption/adopt-database.ts');
    if (!plan) return adoptDatabase(ctx, { ...options, lockWait });
    const rows = await planOnly(ctx, options);
    return rows.some(({ state }) => state === 'refused') ? new Finding(rows) : rows;
  },
});
