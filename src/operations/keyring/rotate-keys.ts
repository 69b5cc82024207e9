import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { CredentialProblem } from '../../platform/secrets/broker-credentials.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { type ChannelProblem, renewChannels } from './channel-secrets.ts';
import { IN_THE_CLEAR, OUTDATED, renewBatch, type Selection, unfinished } from './rotate-batch.ts';

/**
 * Re-encrypts every credential, and the secrets of channels of alerts, with the active key, in batches; returns how many. Throws ROTATION_UNFINISHED (exit 10)
 * where rows stay locked, CREDENTIALS_UNREADABLE (exit 11) naming the credentials that could not be decrypted.
 */
export async function rotateKeys(ctx: Context) {
  const { totals, problems } = await renewAll(ctx, OUTDATED, 'Rotating credentials');
  const channels = await renewChannels(ctx);
  const credentials = totals.credentials + channels.values;
  if (problems.length + channels.problems.length > 0)
    throw credentialsUnreadable(problems, channels.problems, credentials);
  return { ...totals, credentials };
}

/**
 * Encrypts every credential that is stored in the clear with the active key, in batches; returns how many. Throws
 * ROTATION_UNFINISHED (exit 10) where rows stay locked.
 */
export async function encryptCredentials(ctx: Context) {
  return (await renewAll(ctx, IN_THE_CLEAR, 'Encrypting credentials')).totals;
}

async function renewAll(ctx: Context, selection: Selection, title: string) {
  const totals = { key_id: (await loadRing(ctx)).active.id, users: 0, credentials: 0 };
  const unreadable = new Map<string, CredentialProblem>();
  const progress = await startProgress(ctx.io, title);
  try {
    // The first pass skips locked rows, the second waits for them. A dry run would find every row twice.
    for (const wait of ctx.dryRun ? [true] : [false, true]) {
      let after: string | undefined = '';
      while (after !== undefined) {
        const batch = await renewBatch(ctx, selection, after, wait);
        totals.users += batch.users;
        totals.credentials += batch.values;
        for (const problem of batch.problems) unreadable.set(`${problem.user_id} ${problem.field}`, problem);
        after = batch.last;
        totals.key_id = batch.key_id;
        progress.update(pluralize(totals.credentials, 'credential'));
      }
    }
  } catch (error) {
    throw unfinished(error, totals.credentials);
  } finally {
    progress.stop();
  }
  return { totals, problems: [...unreadable.values()] };
}

const MOST_HINTS = 10;

function credentialsUnreadable(
  problems: readonly CredentialProblem[],
  channels: readonly ChannelProblem[],
  rotated: number,
): Failure {
  const lines = [
    ...problems.map(({ user_id, field, code, problem }) => `${user_id} ${field} ${problem} (${code}).`),
    ...channels.map(
      ({ channel, field, code, problem }) => `channel ${channel} ${field} ${problem} (${code}).`,
    ),
  ];
  const summary = `${pluralize(lines.length, 'credential')} could not be rotated; ${rotated} were.`;
  const inTheClear = problems.filter(({ code }) => code === 'SECRET_NOT_ENCRYPTED');
  const others = problems.filter((problem) => !inTheClear.includes(problem));
  return new Failure('integrity', 'CREDENTIALS_UNREADABLE', [summary, ...lines].join('\n'), {
    hint: [
      ...(inTheClear.length > 0 ? ['pinnacle keys encrypt'] : []),
      ...others
        .slice(0, MOST_HINTS)
        .map(({ user_id, field }) => `pinnacle user credentials set ${user_id} --field ${field}`),
      ...channels
        .slice(0, MOST_HINTS)
        .map(({ channel }) => `pinnacle alert channel rotate ${channel} --grace 0s`),
    ].join('\n'),
    changed: rotated > 0,
  });
}
