import type { Kysely } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { Place } from '../../platform/secrets/envelope.ts';
import { rowsOf } from '../../trading/rows-of.ts';

const CHANNEL_COLUMNS = ['channel', 'kind', 'settings', 'enabled', 'old_secret_until', 'created_at'] as const;

const channels = rowsOf(
  'alert_channels',
  CHANNEL_COLUMNS,
  'alert channel',
  'See: pinnacle alert channel list',
);

export const findChannel = channels.find;
export const lockChannel = channels.lock;

/** The columns of a channel that hold secrets. */
export const CHANNEL_SECRETS = ['secret', 'old_secret'] as const;
export type ChannelSecret = (typeof CHANNEL_SECRETS)[number];

/** Where a secret of a channel is stored. */
export const placeOfSecret = (channel: string, column: ChannelSecret): Place => ({
  table: 'alert_channels',
  column,
  row: channel,
});

/** The envelopes of channels, '' for none, by their names; those of one channel where it is named. */
export async function readSecrets(db: Kysely<Database>, channel?: string) {
  let query = db
    .selectFrom('alert_channels')
    .select(['channel', ...CHANNEL_SECRETS])
    .orderBy('channel');
  if (channel !== undefined) query = query.where('channel', '=', channel);
  return query.execute();
}

/** The same, locked until the transaction ends. */
export const lockSecrets = ({ db }: Trx) =>
  db
    .selectFrom('alert_channels')
    .select(['channel', ...CHANNEL_SECRETS])
    .orderBy('channel')
    .forNoKeyUpdate()
    .execute();
