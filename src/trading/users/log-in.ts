import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { findKeyHolder, recordLogin } from './api-keys.ts';
import { beginSession, endSession } from './login-sessions.ts';

/**
 * Starts a login session in Redis for the holder of an API key; `key` and `token` are SHA-256 hashes in hex. Throws if
 * the key is unknown (exit 3), the user is disabled (5) or Redis is unreachable (7).
 */
export async function logIn(ctx: Context, keyHash: string, tokenHash: string) {
  const redis = await ctx.redis('sessions');
  const now = ctx.now();
  const at = instant(now);
  const { user_id } = await findKeyHolder(await ctx.source(), keyHash, at);
  ctx.origin.subject = auditTarget('user', user_id);
  const session_id = mintId('lgn', now);
  const session = { session_id, user_id, token_sha256: tokenHash, by: ctx.origin.labels };
  return ctx
    .change(async (trx) => {
      const { via, expires_at: until } = await recordLogin(trx, user_id, keyHash, at);
      // While the user is locked: a command that ends all sessions runs before this one, or finds its session.
      const times = await beginSession(trx, ctx.dryRun ? null : redis, session, until);
      const body = { session_id, via, expires_at: times.expires_at, last_login: at };
      return changed({ user_id, session_id, via, ...times }, auditTarget('user', user_id), body);
    })
    .catch(async (error) => {
      await endSession(redis, user_id, session_id).catch(() => {});
      throw error;
    });
}
