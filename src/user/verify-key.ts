import { defineCommand } from '../cli/command.ts';
import { CliError, refused } from '../cli/errors.ts';
import { toggle } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import { hashApiKey, isApiKey } from './api-key.ts';

export const verifyKey = defineCommand({
  effect: 'write',
  phase: 1,
  args: {},
  flags: { recordLogin: toggle("set the trader's last_login to now") },
  fields: {
    user_id: { type: 'text' },
    enabled: { type: 'boolean' },
    via: { type: 'text' },
    expires_at: { type: 'time' },
  },
  examples: ['user verify-key', 'user verify-key --record-login --json user_id,enabled'],
  details: `Reads the key from stdin, or asks for it unseen on a terminal. A typo is told by the check characters, without asking the
database (exit 2); a key of nobody, or one that has expired, ends 3. Changes nothing without --record-login.`,
  async run({ recordLogin }, ctx: Context) {
    const { secretFromStdin, secretFromTerminal } = await import('../secrets/input.ts');
    const key = ctx.io.stdin.isTTY
      ? await secretFromTerminal(ctx, 'The API key', 'Give it on stdin.')
      : await secretFromStdin(ctx, 'The API key');
    if (!isApiKey(key))
      throw new CliError(
        'usage',
        'API_KEY_MALFORMED',
        'This is no API key, or not all of one: its check fails.',
        {
          hint: 'A key is pin_live_ and 36 letters and digits.',
        },
      );
    const [{ findKeyHolder }, { lockUser }] = await Promise.all([
      import('./key-store.ts'),
      import('./store.ts'),
    ]);
    const phase = await ctx.phase();
    const [hash, now] = [hashApiKey(key), ctx.now().toISOString()];
    const holder = await findKeyHolder(await ctx.db(), hash, now, phase);
    if (!holder) throw unknownKey();
    if (!recordLogin) return holder;
    return ctx.change(async (trx) => {
      await lockUser(trx, holder.user_id);
      // Once more: the key may have been replaced since.
      const result = await findKeyHolder(trx, hash, now, phase);
      if (!result) throw unknownKey();
      if (!result.enabled) throw refused('USER_DISABLED', `The trader ${result.user_id} is disabled.`);
      await trx.updateTable('users').set({ last_login: now }).where('user_id', '=', result.user_id).execute();
      return {
        result,
        audit: { target: `user ${result.user_id}`, body: { last_login: now, via: result.via } },
      };
    });
  },
});

const unknownKey = () =>
  new CliError(
    'notFound',
    'API_KEY_UNKNOWN',
    'This key is of no trader: it was replaced, revoked or never given.',
  );
