import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

export const seal = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  singleInstance: true,
  args: {},
  flags: { checkpoint: toggle('fail if no signing key is configured') },
  fields: {
    sealed: { type: 'integer' },
    unsealed: { type: 'integer' },
    seq: { type: 'integer' },
    hash: { type: 'text' },
    checkpoint: { type: 'text' },
  },
  answer: ({ sealed, unsealed, seq, checkpoint }) => ({
    done: `Sealed ${pluralize(Number(sealed), 'entry', 'entries')}, the chain ends at ${seq ?? 0}${unsealed ? `, ${unsealed} not sealed yet` : ''}${checkpoint === null ? '' : ', signed'}`,
    next: ['audit', 'verify'],
  }),
  examples: ['audit seal', 'audit seal --checkpoint --json'],
  details: `Seals every entry whose transaction has ended; entries after a running transaction stay unsealed until it ends. With
audit.signingKeyFile the end of the chain is signed as a checkpoint, and with audit.anchorFile the checkpoint is also appended
to a file outside the database. For cron: every command seals what it writes, but only a checkpoint can show that the end of
the log was cut off.`,
  async run({ checkpoint }, ctx: Context) {
    const { sealLog } = await import('../../audit/seal-log.ts');
    const { audit } = await ctx.config();
    return sealLog(await ctx.db(), { ...audit, checkpoint }, ctx);
  },
});
