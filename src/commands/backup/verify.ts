import { defineCommand } from '../../cli/command.ts';
import { text, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';

export const verify = defineCommand({
  effect: 'read',
  verdict: true,
  args: { path: text('PATH', 'a backup, or its name in the folder of backups', 4_096) },
  flags: {
    deep: toggle('also restore it into a scratch database, and prove the book and the audit log there'),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer' },
    bytes: { type: 'integer' },
    encrypted: { type: 'boolean' },
    verified_at: { type: 'time' },
    problems: { type: 'rows', of: { problem: { type: 'text' }, detail: { type: 'text' } } },
  },
  examples: [
    'backup verify pinnacle-20260131T033000000Z.pinbackup',
    'backup verify /mnt/backups/prod.pinbackup --deep',
  ],
  details: `Reads all of a backup: decrypts it, compares its SHA-256, and counts the rows of each table against what the database had.
Ends 6 with what is wrong: altered, cut, a missing table, a key that is not there. With --deep it is restored into a scratch
database on the configured server (which takes CREATEDB), or into a scratch folder where that is embedded; doctor ledger and
audit verify judge it there, and it is taken away again. When it was verified is kept beside it.`,
  async run({ path, deep }, ctx: Context) {
    const [{ locate, recordVerified }, { verifyArchive }] = await Promise.all([
      import('../../operations/backup/catalog.ts'),
      import('../../operations/backup/verify-archive.ts'),
    ]);
    const file = await locate(ctx, path);
    const progress = await startProgress(ctx.io, 'verifying the backup');
    const { archive, problems } = await verifyArchive(ctx, file, deep).finally(() => progress.stop());
    const verified_at = ctx.now().toISOString();
    const sha256 = archive?.trailer.sha256 ?? '';
    // That a key is not here tells nothing of the backup.
    const telling = problems.every(({ problem }) => problem !== 'key');
    const record = { at: verified_at, deep, sha256, problem: problems[0]?.problem ?? null };
    if (archive && telling && !(await recordVerified(file, record)))
      await ctx.io.say('That it was verified could not be written beside it.');
    const result = {
      file,
      database: archive?.header.database ?? null,
      created_at: archive?.header.created_at ?? null,
      phase: archive?.header.phase ?? null,
      rows: archive ? Object.values(archive.trailer.rows).reduce((sum, n) => sum + n, 0) : null,
      bytes: archive?.size ?? null,
      encrypted: archive ? archive.header.encryption !== null : null,
      verified_at: problems.length > 0 ? null : verified_at,
      problems: problems.map(({ problem, detail }) => ({ problem, detail })),
    };
    return problems.length > 0 ? new Finding(result) : result;
  },
});
