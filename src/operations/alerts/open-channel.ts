import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import { channelTerms } from '../../domain/alerts/channel.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import type { OpenChannel } from '../../platform/delivery/send.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { decrypt, PROBLEMS } from '../../platform/secrets/envelope.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { Failure } from '../../util/failure.ts';
import {
  CHANNEL_SECRETS,
  type ChannelSecret,
  findChannel,
  placeOfSecret,
  readSecrets,
} from './channel-store.ts';

/**
 * A channel with its secrets decrypted; the former one of a webhook as long as it signs. Throws CREDENTIALS_UNREADABLE (exit 11),
 * and what loading the key ring throws, for which a channel without secrets has no need.
 */
export async function openChannel(ctx: Context, db: Kysely<Database>, channel: string): Promise<OpenChannel> {
  const { kind, settings, old_secret_until } = await findChannel(db, channel);
  const terms = channelTerms(kind, settings);
  const [stored] = await readSecrets(db, channel);
  const now = instant(ctx.now());
  const isSigning = old_secret_until !== null && isBefore(now, old_secret_until);
  const used = CHANNEL_SECRETS.filter((column) => column === 'secret' || isSigning).filter(
    (column) => stored && stored[column] !== '',
  );
  if (!stored || used.length === 0) return { ...terms, secrets: [] };
  const opened = await decryptAll(ctx, channel, used, stored);
  // A rotation between reading the secrets and the ring: both are read once more.
  const [again] = opened.every(isReadable) ? [] : await readSecrets(db, channel);
  const secrets = again ? await decryptAll(ctx, channel, used, again) : opened;
  return { ...terms, secrets: secrets.map((each, i) => secretOrThrow(each, channel, used[i] ?? 'secret')) };
}

type Opened = ReturnType<typeof decrypt>;

const isReadable = (opened: Opened) => 'secret' in opened;

async function decryptAll(
  ctx: Context,
  channel: string,
  columns: readonly ChannelSecret[],
  stored: Readonly<Record<ChannelSecret, string>>,
): Promise<Opened[]> {
  const ring = await loadRing(ctx);
  return columns.map((column) => decrypt(ring, placeOfSecret(channel, column), stored[column]));
}

function secretOrThrow(opened: Opened, channel: string, column: ChannelSecret): string {
  if ('secret' in opened) return opened.secret;
  throw new Failure(
    'integrity',
    'CREDENTIALS_UNREADABLE',
    `The ${column} of the channel ${channel} ${PROBLEMS[opened.problem]}.`,
    { hint: `To replace it: pinnacle alert channel rotate ${channel} --grace 0s` },
  );
}
