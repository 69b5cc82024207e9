import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { type CredentialProblem, checkCredentials } from '../../platform/secrets/broker-credentials.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { pluralize } from '../../util/text.ts';
import { type ChannelProblem, checkChannels } from './channel-secrets.ts';
import { inTheClear, listCredentials } from './usage.ts';

const BATCH_ROWS = 1_000;

/** A credential of a user, or a secret of a channel of alerts, that cannot be read. */
type Problem = (CredentialProblem & { channel: null }) | (ChannelProblem & { user_id: null });

/** Decrypts every credential, and every secret of channels; returns those that cannot be read, never a secret. */
export async function verifyCredentials(ctx: Context): Promise<Problem[]> {
  const source = await ctx.source();
  const problems: Problem[] = [];
  let userCount = 0;
  let credentialCount = 0;
  let after = '';
  const progress = await startProgress(ctx.io, 'Verifying credentials');
  try {
    for (;;) {
      ctx.signal.throwIfAborted();
      const users = await listCredentials(source, after, BATCH_ROWS);
      const last = users.at(-1);
      if (!last) break;
      // Read again for each batch: a key may be added meanwhile.
      const ring = await loadRing(ctx);
      for (const user of users) {
        const checked = checkCredentials(ring, user);
        problems.push(...checked.problems.map((problem) => ({ ...problem, channel: null })));
        credentialCount += checked.values;
      }
      userCount += users.length;
      after = last.user_id;
      progress.update(pluralize(credentialCount, 'credential'));
    }
    const channels = await checkChannels(ctx, source);
    problems.push(...channels.problems.map((problem) => ({ ...problem, user_id: null })));
    credentialCount += channels.values;
  } finally {
    progress.stop();
  }
  const all = `${pluralize(credentialCount, 'credential')} of ${pluralize(userCount, 'user')}`;
  await ctx.io.say(
    problems.length > 0 ? `${problems.length} of ${all} cannot be read.` : `${all}: all can be read.`,
  );
  const clear = problems.filter(({ code }) => code === 'SECRET_NOT_ENCRYPTED').length;
  if (clear > 0) await ctx.io.say(inTheClear(clear));
  return problems;
}
