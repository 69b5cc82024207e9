import { everyEntry } from '../../audit/seal-store.ts';
import { defineCommand } from '../../cli/command.ts';
import { choice, withDefault } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { exportFields, exportFlags, exportQuery } from '../_shared/export.ts';

/** Every value is text, as it is hashed. */
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
    format: withDefault(choice(['csv', 'ndjson'], 'FORMAT', 'CSV, or one JSON object a line'), 'ndjson'),
  },
  fields: exportFields,
  examples: ['audit export --output audit.ndjson', 'audit export --output audit.csv --format csv --force'],
  details: `Every entry in the order of its id, with its seal (seq, cluster, hash), all as of one moment; every value is text as it
is hashed. A file is written whole or not at all, and only its owner can read it; rows, bytes and SHA-256 are printed.
Without --output the entries themselves go to stdout.`,
  async run(input, ctx: Context) {
    return exportQuery(ctx, input, everyEntry(await ctx.db()), FIELDS);
  },
});
