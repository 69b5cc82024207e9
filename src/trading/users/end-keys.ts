import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { unusableHash } from '../../platform/secrets/api-key.ts';
import { replaceKey } from './api-keys.ts';

interface NewKey<S> {
  /** SHA-256 of the key in hex. */
  hash: string;
  /** Until when the replaced key is still accepted; null ends every key and session of the user now. */
  graceUntil: Instant | null;
  /** Columns of the result that show the key. */
  shown: S;
}

/** Replaces the API key of a user; the result says how many older keys ended before their time. */
export function rotateApiKey<S extends object>(
  ctx: Context,
  userId: UserId,
  { hash, graceUntil, shown }: NewKey<S>,
) {
  return ctx.change(async (trx) => {
    const ended = await replaceKey(trx, userId, hash, { now: instant(ctx.now()), graceUntil });
    if (graceUntil === null) trx.touch('logout', [userId]);
    const outcome = { grace_until: graceUntil, grace_ended: ended };
    const body = { api_key: 'replaced', ...outcome };
    return changed({ user_id: userId, ...shown, ...outcome }, auditTarget('user', userId), body);
  });
}

/** Ends every API key and session of a user. */
export function revokeApiKeys(ctx: Context, userId: UserId) {
  return ctx.change(async (trx) => {
    const now = instant(ctx.now());
    const ended = await replaceKey(trx, userId, unusableHash(), { now, graceUntil: null });
    trx.touch('logout', [userId]);
    const body = { api_key: 'revoked', grace_ended: ended };
    return changed({ user_id: userId, grace_ended: ended }, auditTarget('user', userId), body);
  });
}
