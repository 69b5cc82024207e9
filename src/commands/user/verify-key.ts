import { auditTarget, changed } from '../../audit/outcome.ts';
import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { instant, minuteText } from '../../domain/instant.ts';
import { hashApiKey } from '../../platform/secrets/api-key.ts';
import { readApiKey } from './read-api-key.ts';

export const verifyKey = defineCommand({
  effect: 'write',
  phase: 1,
  args: {},
  flags: { recordLogin: toggle("set the user's last_login to now") },
  fields: {
    user_id: { type: 'text' },
    enabled: { type: 'boolean' },
    via: { type: 'text' },
    expires_at: { type: 'time' },
  },
  answer: ({ user_id, enabled, via, expires_at }) => ({
    done: `The key is ${via === 'current' ? 'the current one' : `a replaced one, accepted until ${minuteText(expires_at)},`} of ${user_id}${enabled ? '' : ', who is disabled'}`,
    next: ['user', 'show', user_id],
  }),
  examples: ['user verify-key', 'user verify-key --record-login --json user_id,enabled'],
  details: `Reads the key from stdin, or prompts for it without echo on a terminal. A mistyped key fails its checksum without a query to
the database (exit 2); an unknown or expired key ends 3. Changes nothing without --record-login.`,
  async run({ recordLogin }, ctx: Context) {
    const key = await readApiKey(ctx);
    const { findKeyHolder, recordLogin: record } = await import('../../trading/users/api-keys.ts');
    const [hash, now] = [hashApiKey(key), instant(ctx.now())];
    const holder = await findKeyHolder(await ctx.source(), hash, now);
    if (!recordLogin) return holder;
    return ctx.change(async (trx) => {
      const result = await record(trx, holder.user_id, hash, now);
      const body = { last_login: now, via: result.via };
      return changed(result, auditTarget('user', result.user_id), body);
    });
  },
});
