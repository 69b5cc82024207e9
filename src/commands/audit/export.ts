import { defineCommand } from '../../cli/command.ts';
import type { Fields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { exported, exportFields, exportFlags, exportQuery } from '../_shared/export.ts';

/** Every value is text, exactly as it is hashed. */
const FIELDS = {
  id: { type: 'text' },
  txid: { type: 'text' },
  at: { type: 'text' },
  actor: { type: 'text' },
  command: { type: 'text' },
  target: { type: 'text' },
  body: { type: 'text' },
  seq: { type: 'text' },
  cluster: { type: 'text' },
  hash: { type: 'text' },
} as const satisfies Fields;

export const exportLog = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  args: {},
  flags: {
    ...exportFlags,
    format: { ...exportFlags.format, fallback: 'that of the ending of FILE, or ndjson' },
  },
  fields: exportFields,
  answer: exported,
  examples: ['audit export --output audit.ndjson', 'audit export --output audit.csv --force'],
  details: `Every entry by id with its seal (seq, cluster, hash), from one snapshot; every value is text, exactly as it is hashed.
The file is written atomically and only its owner can read it; rows, bytes and SHA-256 are printed. Without --output the
entries themselves go to stdout.`,
  async run(input, ctx: Context) {
    const { everyEntry } = await import('../../audit/seal-store.ts');
    return exportQuery(ctx, input, async () => everyEntry(await ctx.db()), FIELDS, 'ndjson');
  },
});
