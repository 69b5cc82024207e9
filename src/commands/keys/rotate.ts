import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { CredentialProblem } from '../../platform/secrets/broker-credentials.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

export const rotate = defineCommand({
  effect: 'write',
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  args: {},
  flags: {},
  fields: {
    key_id: { type: 'text' },
    users: { type: 'integer' },
    credentials: { type: 'integer' },
  },
  examples: ['keys rotate', 'keys rotate --dry-run'],
  details: `Goes on while others work, 500 traders at a time, each batch with its audit row. Interrupted, or killed, it is run again
and goes on with what is left. Credentials that cannot be read stay as they are and are named; then it ends 11.`,
  async run(_input, ctx: Context) {
    const [{ renewBatch, unfinished }, { loadRing }] = await Promise.all([
      import('../../operations/keyring/rotate-batch.ts'),
      import('../../operations/keyring/load.ts'),
    ]);
    const tally = { key_id: (await loadRing(ctx)).active.id, users: 0, credentials: 0 };
    const offenders = new Map<string, CredentialProblem>();
    const progress = await startProgress(ctx.io, 'Rotating credentials');
    try {
      // First past the rows that somebody holds, then waiting for them. A dry run would meet all of them twice.
      for (const wait of ctx.dryRun ? [true] : [false, true]) {
        let after: string | undefined = '';
        while (after !== undefined) {
          const batch = await renewBatch(ctx, after, wait);
          tally.users += batch.users;
          tally.credentials += batch.values;
          for (const one of batch.offenders) offenders.set(`${one.user_id} ${one.field}`, one);
          after = batch.last;
          tally.key_id = batch.key_id;
          progress.update(pluralize(tally.credentials, 'credential'));
        }
      }
    } catch (error) {
      throw unfinished(error, tally.credentials);
    } finally {
      progress.stop();
    }
    if (offenders.size > 0) throw unreadable([...offenders.values()], tally.credentials);
    return tally;
  },
});

function unreadable(offenders: readonly CredentialProblem[], rotated: number): Failure {
  const each = offenders.map(
    ({ user_id, field, code, problem }) => `${user_id} ${field} ${problem} (${code}).`,
  );
  return new Failure(
    'integrity',
    'CREDENTIALS_UNREADABLE',
    [`${pluralize(offenders.length, 'credential')} could not be rotated; ${rotated} are.`, ...each].join(
      '\n',
    ),
    { hint: 'Set them anew: pinnacle user credentials set USER --field FIELD', changed: rotated > 0 },
  );
}
