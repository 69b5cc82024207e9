import { changedIf, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { ALERTS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { keyIdOf } from '../../platform/secrets/broker-credentials.ts';
import { decrypt, encrypt, PROBLEMS, type SecretProblem } from '../../platform/secrets/envelope.ts';
import type { Ring } from '../../platform/secrets/key-ring.ts';
import { loadRing } from '../../trading/keyring/load.ts';
import { lockKeysShared } from '../../trading/keyring/locks.ts';
import {
  CHANNEL_SECRETS,
  type ChannelSecret,
  lockSecrets,
  placeOfSecret,
  readSecrets,
} from '../alerts/channel-store.ts';

/** A stored secret of a channel of alerts that cannot be decrypted. */
export interface ChannelProblem {
  channel: string;
  field: ChannelSecret;
  key_id: string | null;
  code: SecretProblem;
  problem: string;
}

type Stored = Record<ChannelSecret | 'channel', string>;

/** Decrypts every secret of channels; how many there are, and those that cannot be read. */
export async function checkChannels(
  ctx: Context,
  source: Source,
): Promise<{ values: number; problems: ChannelProblem[] }> {
  const values = hasStep(source, ALERTS_SINCE_STEP) ? secretsOf(await readSecrets(source.db)) : [];
  if (values.length === 0) return { values: 0, problems: [] };
  const ring = await loadRing(ctx);
  const problems = values.flatMap((value) => {
    const opened = open(ring, value);
    return 'problem' in opened ? [opened.problem] : [];
  });
  return { values: values.length, problems };
}

/** Encrypts with the active key those secrets of channels that are not, in one transaction; they are few. */
export function renewChannels(ctx: Context): Promise<{ values: number; problems: ChannelProblem[] }> {
  return ctx.change(async (trx) => {
    if (!hasStep(trx, ALERTS_SINCE_STEP)) return unchanged({ values: 0, problems: [] });
    await lockKeysShared(trx);
    const ring = await loadRing(ctx);
    const problems: ChannelProblem[] = [];
    const renewed: string[] = [];
    for (const value of secretsOf(await lockSecrets(trx))) {
      const { channel, field, stored } = value;
      if (keyIdOf(stored) === ring.active.id) continue;
      const opened = open(ring, value);
      if ('problem' in opened) problems.push(opened.problem);
      else {
        await trx.db
          .updateTable('alert_channels')
          .set({ [field]: encrypt(ring, placeOfSecret(channel, field), opened.secret) })
          .where('channel', '=', channel)
          .execute();
        renewed.push(`${channel} ${field}`);
      }
    }
    const result = { values: renewed.length, problems };
    return changedIf(renewed.length > 0, result, `key ${ring.active.id}`, { alert_channels: renewed });
  });
}

interface Value {
  channel: string;
  field: ChannelSecret;
  stored: string;
}

const secretsOf = (rows: readonly Stored[]): Value[] =>
  rows.flatMap((row) =>
    CHANNEL_SECRETS.filter((field) => row[field] !== '').map((field) => ({
      channel: row.channel,
      field,
      stored: row[field],
    })),
  );

function open(
  ring: Ring,
  { channel, field, stored }: Value,
): { secret: string } | { problem: ChannelProblem } {
  const opened = decrypt(ring, placeOfSecret(channel, field), stored);
  if ('secret' in opened) return opened;
  const code = opened.problem;
  return { problem: { channel, field, key_id: keyIdOf(stored), code, problem: PROBLEMS[code] } };
}
