import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { CredentialProblem } from '../../platform/secrets/broker-credentials.ts';
import { pluralize } from '../../util/text.ts';

const BATCH = 1_000;

export const verify = defineCommand({
  effect: 'read',
  roles: ['operator'],
  phase: 1,
  verdict: true,
  args: {},
  flags: {},
  fields: {
    user_id: { type: 'text' },
    field: { type: 'text' },
    key_id: { type: 'text' },
    code: { type: 'text' },
    problem: { type: 'text' },
  },
  examples: ['keys verify', 'keys verify --json user_id,field,code'],
  details: `Decrypts every credential and lists those that cannot be read; ends 11 where there are any. No credential is shown.`,
  async run(_input, ctx: Context) {
    const [{ listCredentials }, { loadRing }, { checkCredentials }] = await Promise.all([
      import('../../operations/keyring/usage.ts'),
      import('../../operations/keyring/load.ts'),
      import('../../platform/secrets/broker-credentials.ts'),
    ]);
    const db = await ctx.db();
    const offenders: CredentialProblem[] = [];
    let [traders, values, after] = [0, 0, ''];
    const progress = await startProgress(ctx.io, 'Verifying credentials');
    try {
      for (;;) {
        ctx.signal.throwIfAborted();
        const users = await listCredentials(db, after, BATCH);
        const last = users.at(-1);
        if (!last) break;
        const ring = await loadRing(ctx);
        for (const user of users) {
          const checked = checkCredentials(ring, user);
          offenders.push(...checked.offenders);
          values += checked.values;
        }
        traders += users.length;
        after = last.user_id;
        progress.update(pluralize(values, 'credential'));
      }
    } finally {
      progress.stop();
    }
    const all = `${pluralize(values, 'credential')} of ${pluralize(traders, 'trader')}`;
    if (offenders.length > 0) {
      await ctx.io.say(`${offenders.length} of ${all} cannot be read.`);
      return new Finding(offenders, 'integrity');
    }
    await ctx.io.say(`${all}: all can be read.`);
    return [];
  },
});
