import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, text, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { outputFailure } from '../../util/failure.ts';
import { toFileProblem } from '../../util/file-problem.ts';

export const create = defineCommand({
  effect: 'write',
  alone: true,
  writesTo: 'file',
  runsAgain: true,
  phase: 1,
  args: {},
  flags: {
    output: optional(
      text('PATH', 'the file to write; one with a dated name in the folder of backups when left out', 4_096),
    ),
    encrypt: toggle('encrypt it with the first key of backup.keyFile'),
  },
  fields: {
    file: { type: 'text' },
    database: { type: 'text' },
    created_at: { type: 'time' },
    phase: { type: 'integer' },
    rows: { type: 'integer' },
    bytes: { type: 'integer' },
    encrypted: { type: 'boolean' },
    sha256: { type: 'text' },
  },
  examples: [
    'backup create',
    'backup create --encrypt',
    'backup create --output /mnt/backups/before-rollout.pinbackup',
  ],
  details: `All of the database as of one moment, while everybody goes on working: of a server by pg_dump, which must be of its version
or newer, of the embedded database by a dump of the same form. The file is whole or not there at all, and only its owner
can read it. It holds broker credentials as they are stored, encrypted, and hashes of API keys: no secret in plain text
unless the database has one. A server is read over migrateUrl where that is set.`,
  async run({ output, encrypt }, ctx: Context) {
    const [
      { withDump, newSalt },
      { archivePieces },
      { encryptingKey },
      { writeFileWhole },
      { ARCHIVE_SUFFIX },
      { totalOf },
    ] = await Promise.all([
      import('../../operations/backup/dump.ts'),
      import('../../operations/backup/archive.ts'),
      import('../../operations/backup/keys.ts'),
      import('../../platform/files/write-file.ts'),
      import('../../operations/backup/catalog.ts'),
      import('../../operations/backup/row-counts.ts'),
    ]);
    const key = encrypt ? await encryptingKey(ctx) : undefined;
    const { dir } = (await ctx.config()).backup;
    return withDump(ctx, async ({ header: facts, text, rows }) => {
      const header = { ...facts, encryption: key ? { key_id: key.id, salt: newSalt() } : null };
      const { database, created_at, phase } = header;
      const name = `${database.replace(/[^\w.-]/g, '_')}-${created_at.replace(/[-:.]/g, '')}${ARCHIVE_SUFFIX}`;
      const file = output === undefined ? join(dir, name) : resolve(ctx.cwd, output);
      if (ctx.dryRun) return { file, database, created_at, phase, encrypted: encrypt };
      if (output === undefined)
        await mkdir(dir, { recursive: true, mode: 0o700 }).catch((error) => {
          throw outputFailure(dir, toFileProblem(error, 'written'), '');
        });
      const progress = await startProgress(ctx.io, 'backing up');
      const pieces = archivePieces(header, text, rows, key);
      const written = await writeFileWhole(file, false, watched(pieces, ctx, progress.update)).finally(() =>
        progress.stop(),
      );
      return {
        file,
        database,
        created_at,
        phase,
        rows: totalOf(await rows()),
        encrypted: encrypt,
        ...written,
      };
    });
  },
});

async function* watched(pieces: AsyncIterable<Uint8Array>, ctx: Context, update: (text: string) => void) {
  let bytes = 0;
  for await (const piece of pieces) {
    ctx.signal.throwIfAborted();
    bytes += piece.length;
    update(`backing up: ${(bytes / 1e6).toFixed(0)} MB`);
    yield piece;
  }
}
