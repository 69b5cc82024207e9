import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { optional, text } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';

const MAX_NAMED = 10;

export const verify = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  verdict: true,
  args: {},
  flags: {
    anchor: optional(text('FILE', 'the anchor file (default: audit.anchorFile)', 4_096)),
    publicKey: optional(
      text(
        'FILE',
        'public keys (PEM) that checkpoints must be signed with (default: that of the signing key)',
        4_096,
      ),
    ),
  },
  fields: {
    entries: { type: 'integer' },
    unsealed: { type: 'integer' },
    checkpoints: { type: 'integer' },
    signatures: { type: 'text' },
    cluster: { type: 'text' },
    offenders: {
      type: 'rows',
      of: {
        problem: { type: 'text' },
        id: { type: 'integer' },
        seq: { type: 'integer' },
        detail: { type: 'text' },
      },
    },
  },
  examples: ['audit verify', 'audit verify --anchor /mnt/worm/pinnacle.anchor --public-key audit.pub'],
  details: `Recomputes the whole chain on this machine. Exits 6 if anything differs from what was sealed, with each entry that was
altered, deleted, inserted, swapped or reordered, and each checkpoint that contradicts the chain. Only a checkpoint kept
elsewhere (--anchor) can show that the end of the log was cut off. A checkpoint of the database without a valid signature
proves nothing and is named on stderr.`,
  async run({ anchor, publicKey }, ctx: Context) {
    const { verifyLog } = await import('../../audit/verify-chain.ts');
    const { anchorFile, signingKeyFile } = (await ctx.config()).audit;
    const progress = await startProgress(ctx.io, 'verifying the audit log');
    const proof = await verifyLog(
      await ctx.db(),
      {
        anchor: anchor === undefined ? anchorFile : resolve(ctx.cwd, anchor),
        publicKey: publicKey === undefined ? undefined : resolve(ctx.cwd, publicKey),
        signingKey: signingKeyFile,
        uid: ctx.own.uid,
      },
      (entries) => progress.update(`${entries} entries`),
    ).finally(() => progress.stop());
    if (proof.cluster !== 'the same')
      await ctx.io.say(
        'The log was restored from another cluster: unsealed entries cannot be checked by their transaction until the next entry is sealed.',
      );
    for (const one of proof.unproven.slice(0, MAX_NAMED)) await ctx.io.warn(`It proves nothing: ${one}.`);
    if (proof.unproven.length > MAX_NAMED)
      await ctx.io.warn(`${proof.unproven.length - MAX_NAMED} more checkpoints prove nothing.`);
    if (proof.unsealedSince !== null)
      await ctx.io.warn(
        `${pluralize(proof.unsealed, 'entry', 'entries')} without a seal since ${proof.unsealedSince}. Run: pinnacle audit seal`,
      );
    return proof.offenders.length > 0 ? new Finding(proof) : proof;
  },
});
