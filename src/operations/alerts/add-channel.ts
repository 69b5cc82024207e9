import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { ChannelTerms } from '../../domain/alerts/channel.ts';
import { ALERTS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { encrypt, fingerprint } from '../../platform/secrets/envelope.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import { refused } from '../../util/failure.ts';
import { placeOfSecret } from './channel-store.ts';

/**
 * Stores a channel with its secret, encrypted with the active key of the ring; '' for a channel that needs none. Throws
 * ALERT_CHANNEL_EXISTS.
 */
export async function addChannel(ctx: Context, channel: string, terms: ChannelTerms, secret: string) {
  needStep(await ctx.source(), ALERTS_SINCE_STEP);
  return ctx.change(async (trx) => {
    const envelope = secret === '' ? undefined : await seal();
    const { kind, settings } = terms;
    const added = await trx.db
      .insertInto('alert_channels')
      .values({ channel, kind, settings: JSON.stringify(settings), secret: envelope?.text ?? '' })
      .onConflict((conflict) => conflict.doNothing())
      .returning(['channel', 'kind', 'enabled', 'created_at'])
      .executeTakeFirst();
    if (!added)
      throw refused(
        'ALERT_CHANNEL_EXISTS',
        `There is already a channel ${channel}.`,
        'See: pinnacle alert channel list',
      );
    const row = { ...added, destination: destinationOf(terms), key_id: envelope?.key_id ?? null };
    return changed(row, auditTarget('alert channel', channel), {
      kind,
      settings,
      key_id: row.key_id,
      fingerprint: envelope?.fingerprint ?? null,
    });

    async function seal() {
      await lockKeysShared(trx);
      const ring = await loadRing(ctx);
      const place = placeOfSecret(channel, 'secret');
      return {
        text: encrypt(ring, place, secret),
        key_id: ring.active.id,
        fingerprint: fingerprint(ring, place, secret),
      };
    }
  });
}

/** Where a channel sends to, in a few words without secrets. */
export function destinationOf({ kind, settings }: ChannelTerms): string {
  switch (kind) {
    case 'email':
      return `${settings.to} by ${settings.host}:${settings.port}`;
    case 'webhook':
      return new URL(settings.url).host;
    case 'telegram':
      return `chat ${settings.chat}`;
    case 'slack':
      return settings.host;
  }
}
