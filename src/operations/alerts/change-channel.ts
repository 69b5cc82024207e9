import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import {
  ALERTS_SINCE_STEP,
  CHANNEL_STATE_SINCE_STEP,
  needStep,
} from '../../platform/postgres/schema-phase.ts';
import { decrypt, encrypt, fingerprint, PROBLEMS } from '../../platform/secrets/envelope.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import { Failure, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { renewWaiting } from './channel-state.ts';
import { findChannel, lockChannel, placeOfSecret, readSecrets } from './channel-store.ts';
import { countWaiting } from './count-waiting.ts';
import { readChannelSecret, type SecretSource } from './read-secret.ts';

/** Lets a channel send, or keeps what is for it; changes nothing where it is so already. Throws ALERT_CHANNEL_NOT_FOUND. */
export async function setChannelEnabled(ctx: Context, channel: string, enabled: boolean) {
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  return ctx.change(async (trx) => {
    const before = await lockChannel(trx, channel);
    const after = { channel, kind: before.kind, enabled };
    if (before.enabled === enabled) return unchanged(after);
    await trx.db.updateTable('alert_channels').set({ enabled }).where('channel', '=', channel).execute();
    if (enabled) await renewWaiting(trx.db, channel, instant(ctx.now()));
    return changed(after, auditTarget('alert channel', channel), { enabled });
  });
}

/**
 * Replaces the secret of a channel. That of a webhook before goes on signing beside the new one for `graceMs`. Throws
 * ALERT_CHANNEL_NOT_FOUND, ALERT_CHANNEL_OPEN where it has none.
 */
export async function rotateSecret(ctx: Context, channel: string, source: SecretSource, graceMs: number) {
  needStep(await ctx.source(), CHANNEL_STATE_SINCE_STEP);
  const { kind } = await findChannel(await ctx.db(), channel);
  const secret = await readChannelSecret(ctx, kind, source);
  return ctx.change(async (trx) => {
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    await lockChannel(trx, channel);
    const [stored] = await readSecrets(trx.db, channel);
    if (!stored || stored.secret === '')
      throw refused(
        'ALERT_CHANNEL_OPEN',
        `The channel ${channel} has no secret: it logs in nowhere.`,
        'Remove it and add it with --login.',
      );
    const keepsOld = kind === 'webhook' && graceMs > 0;
    const old = keepsOld ? decrypt(ring, placeOfSecret(channel, 'secret'), stored.secret) : undefined;
    if (old && 'problem' in old)
      throw new Failure(
        'integrity',
        'CREDENTIALS_UNREADABLE',
        `The secret of ${channel} ${PROBLEMS[old.problem]}.`,
        {
          hint: 'With --grace 0s it is replaced unread.',
        },
      );
    const old_secret_until = old ? instant(new Date(ctx.now().getTime() + graceMs)) : null;
    const place = placeOfSecret(channel, 'secret');
    await trx.db
      .updateTable('alert_channels')
      .set({
        secret: encrypt(ring, place, secret),
        old_secret: old ? encrypt(ring, placeOfSecret(channel, 'old_secret'), old.secret) : '',
        old_secret_until,
      })
      .where('channel', '=', channel)
      .execute();
    await renewWaiting(trx.db, channel, instant(ctx.now()));
    const row = { channel, kind, key_id: ring.active.id, old_secret_until };
    return changed(row, auditTarget('alert channel', channel), {
      ...row,
      fingerprint: fingerprint(ring, place, secret),
    });
  });
}

/** Removes a channel with its routes, and with what waits to be sent, after a confirmation. Throws ALERT_CHANNEL_NOT_FOUND. */
export async function removeChannel(ctx: Context, channel: string) {
  needStep(await ctx.source(), ALERTS_SINCE_STEP);
  const db = await ctx.db();
  await findChannel(db, channel);
  const { notifications } = await countWaiting(db, { channel });
  const lost = notifications > 0 ? ` ${pluralize(notifications, 'notification')} would not be sent.` : '';
  await ctx.confirm(`Remove the channel ${channel} with its routes and the record of what it sent?${lost}`);
  return ctx.change(async (trx) => {
    const { kind, enabled } = await lockChannel(trx, channel);
    const routes = await trx.db
      .selectFrom('alert_routes')
      .select('route_id')
      .where('channel', '=', channel)
      .execute();
    const unsent = await countWaiting(trx.db, { channel });
    await trx.db.deleteFrom('alert_channels').where('channel', '=', channel).execute();
    const row = { channel, kind, enabled, routes: routes.length, unsent: unsent.notifications };
    return changed(row, auditTarget('alert channel', channel), {
      ...row,
      removed: routes.map(({ route_id }) => route_id),
    });
  });
}
