import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { mintId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { hashApiKey } from '../../platform/secrets/api-key.ts';
import { isShown, outputFileFlag, withNewSecret } from './issue-secret.ts';
import { readApiKey } from './read-api-key.ts';

export const login = defineCommand({
  effect: 'write',
  phase: 1,
  args: {},
  flags: { outputFile: outputFileFlag('token') },
  fields: {
    user_id: { type: 'text' },
    session_id: { type: 'text' },
    token: { type: 'text', once: true },
    output_file: { type: 'text' },
    via: { type: 'text' },
    created_at: { type: 'time' },
    expires_at: { type: 'time' },
  },
  examples: ['user login', 'user login --output-file session.token', 'user login --json session_id,token'],
  details: `Reads the API key from stdin, or asks for it unseen on a terminal, and begins a session in Redis of 7 days; with a key that
a rotation replaced, at most until that key ends. A typo in the key ends 2, a key of nobody 3, a disabled trader 5; without
Redis nothing is changed (7). ${isShown('token')}`,
  async run({ outputFile }, ctx: Context) {
    return withNewSecret(ctx, 'token', outputFile, async (token_sha256, shown) => {
      const hash = hashApiKey(await readApiKey(ctx));
      const redis = await ctx.redis();
      const [{ findKeyHolder, recordLogin }, { beginSession, endSession }] = await Promise.all([
        import('../../trading/users/api-keys.ts'),
        import('../../trading/users/login-sessions.ts'),
      ]);
      const now = ctx.now();
      const at = instant(now);
      const { user_id } = await findKeyHolder(await ctx.source(), hash, at);
      ctx.origin.subject = `user ${user_id}`;
      const session_id = mintId('lgn', now);
      const session = { session_id, user_id, token_sha256, by: ctx.origin.labels };
      return ctx
        .change(async (trx) => {
          const { via, expires_at: until } = await recordLogin(trx, user_id, hash, at);
          // While the trader is locked: whoever ends all sessions comes before this one, or finds it.
          const times = await beginSession(trx, ctx.dryRun ? null : redis, session, until);
          const body = { session_id, via, expires_at: times.expires_at, last_login: at };
          return {
            result: { user_id, session_id, ...shown, via, ...times },
            audit: { target: `user ${user_id}`, body },
          };
        })
        .catch(async (error) => {
          await endSession(redis, user_id, session_id).catch(() => {});
          throw error;
        });
    });
  },
});
