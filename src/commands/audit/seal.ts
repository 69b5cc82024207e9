import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { Failure } from '../../util/failure.ts';

export const seal = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  alone: true,
  args: {},
  flags: { checkpoint: toggle('fail where no signing key is configured to sign a checkpoint with') },
  fields: {
    sealed: { type: 'integer' },
    unsealed: { type: 'integer' },
    seq: { type: 'integer' },
    hash: { type: 'text' },
    checkpoint: { type: 'text' },
  },
  examples: ['audit seal', 'audit seal --checkpoint --json'],
  details: `Seals every entry whose transaction is over. Those behind one that is still running stay unsealed until it ends.
With audit.signingKeyFile set the end of the chain is signed, and with audit.anchorFile the checkpoint is also appended to a
file outside the database. For cron: every command seals what it writes, but only a checkpoint shows that the end was cut off.`,
  async run({ checkpoint }, ctx: Context) {
    const [{ sealAll }, { countUnsealed, lastSeal }, { addCheckpoint }] = await Promise.all([
      import('../../audit/seal-store.ts'),
      import('../../audit/seal-store.ts'),
      import('../../audit/sign-checkpoint.ts'),
    ]);
    const { signingKeyFile, anchorFile } = (await ctx.config()).audit;
    if (checkpoint && !signingKeyFile)
      throw new Failure('config', 'NO_SIGNING_KEY', 'No signing key is configured.', {
        hint: 'Set audit.signingKeyFile, or PINNACLE_AUDIT_SIGNING_KEY_FILE.',
      });
    const db = await ctx.db();
    if (ctx.dryRun) {
      const unsealed = await countUnsealed(db);
      return { sealed: 0, unsealed, ...(await lastSeal(db)), checkpoint: null };
    }
    let sealed = 0;
    for (let batch = -1; batch !== 0; sealed += batch) {
      ctx.signal.throwIfAborted();
      batch = await sealAll(db, 10_000);
    }
    const signed = signingKeyFile && (await addCheckpoint(db, signingKeyFile, anchorFile, ctx));
    const [unsealed, last] = [await countUnsealed(db), await lastSeal(db)];
    return { sealed, unsealed, ...last, checkpoint: signed || null };
  },
});
