import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import {
  type BrokerColumn,
  type Credentials,
  openCredential,
} from '../../platform/secrets/broker-credentials.ts';
import type { Ring } from '../../platform/secrets/key-ring.ts';
import { Failure, refused } from '../../util/failure.ts';
import { loadRing } from '../keyring/load.ts';
import { findCredentials } from '../users/credentials.ts';
import { type BrokerAccount, findAccount } from './accounts.ts';

/** What a trader is to the broker, decrypted. Never print any of it but the client code. */
export interface TraderSecrets {
  account: BrokerAccount;
  apiKey: string;
  /** '' for none. */
  pin: string;
  /** '' for none. */
  totpSecret: string;
  /** The token of the last login; '' for none. */
  token: string;
}

const WHAT: Record<BrokerColumn, string> = {
  broker_api_key: 'API key',
  broker_secret: 'PIN',
  broker_totp: 'TOTP secret',
  broker_token: 'token',
};

/**
 * The credentials of a trader. Throws BROKER_SESSION where the client code or the API key is missing, CREDENTIALS_UNREADABLE
 * where one cannot be decrypted, and what loading the key ring throws.
 */
export async function openSecrets(ctx: Context, user: UserId): Promise<TraderSecrets> {
  const source = await ctx.source();
  const credentials = await findCredentials(source, user);
  const account = await findAccount(source.db, user);
  if (!account)
    throw refused(
      'BROKER_SESSION',
      `The client code of ${user} at the broker is not known.`,
      'Give it once, with --client-code: pinnacle broker login --help',
    );
  if (credentials.broker_api_key === '') throw missing(user, 'broker_api_key');
  const ring = await loadRing(ctx);
  const open = (field: BrokerColumn) => secretOf(ring, credentials, field);
  return {
    account,
    apiKey: open('broker_api_key'),
    pin: open('broker_secret'),
    totpSecret: open('broker_totp'),
    token: open('broker_token'),
  };
}

/** BROKER_SESSION: a credential is missing. */
export function missing(user: UserId, field: BrokerColumn): Failure {
  return refused(
    'BROKER_SESSION',
    `The ${WHAT[field]} of ${user} at the broker is missing.`,
    `Run: pinnacle user credentials set ${user} --field ${field}`,
  );
}

function secretOf(ring: Ring, credentials: Credentials, field: BrokerColumn): string {
  if (credentials[field] === '') return '';
  const opened = openCredential(ring, credentials, field);
  if ('secret' in opened) return opened.secret;
  const { user_id, problem, code } = opened.problem;
  throw new Failure('integrity', 'CREDENTIALS_UNREADABLE', `${user_id} ${field} ${problem} (${code}).`, {
    hint: `See: pinnacle user credentials verify ${user_id}`,
  });
}
