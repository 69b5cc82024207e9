import { resolve } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { choice, text, toggle, withDefault } from '../cli/flags.ts';
import { startProgress } from '../cli/progress.ts';
import type { Context } from '../context.ts';

export const exportLog = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: {
    output: text('FILE', 'the file to write', 4_096),
    format: withDefault(choice(['ndjson', 'csv'], 'FORMAT', 'one JSON object a line, or CSV'), 'ndjson'),
    force: toggle('replace a file that is already there'),
  },
  fields: {
    file: { type: 'text' },
    entries: { type: 'integer' },
    bytes: { type: 'integer' },
    sha256: { type: 'text' },
  },
  examples: ['audit export --output audit.ndjson', 'audit export --output audit.csv --format csv --force'],
  details: `Every entry in the order of its id, with its seal (seq, cluster, hash), all as of one moment; in NDJSON every value is
text as it is hashed. The file is written whole or not at all, and only its owner can read it.
To stdout: audit list --all --json id,at,actor,command,target,body`,
  async run({ output, format, force }, ctx: Context) {
    const [{ exportEntries }, { writeExport }] = await Promise.all([
      import('./export-rows.ts'),
      import('./export-file.ts'),
    ]);
    const file = resolve(ctx.cwd, output);
    const db = await ctx.db();
    const progress = await startProgress(ctx.io, 'exporting the audit log');
    let entries = 0;
    const written = await writeExport(file, force, (write) =>
      exportEntries(db, format, async (chunk, rows) => {
        ctx.signal.throwIfAborted();
        await write(chunk);
        entries += rows;
        progress.update(`${entries} entries`);
      }),
    ).finally(() => progress.stop());
    return { file, entries, ...written };
  },
});
