import { decrypt, inspectEnvelope, type Place, PROBLEMS, type SecretProblem } from './envelope.ts';
import type { Ring } from './key-ring.ts';

/** The columns of users that hold broker credentials. */
export const BROKER_COLUMNS = ['broker_api_key', 'broker_secret', 'broker_token'] as const;
export type BrokerColumn = (typeof BROKER_COLUMNS)[number];

/** A trader's credentials as they are stored, '' for none. */
export type Credentials = Record<BrokerColumn, string> & { user_id: string };

/** Where a trader's credential is kept. */
export const placeOf = (userId: string, column: BrokerColumn): Place => ({
  table: 'users',
  column,
  row: userId,
});

/** A stored credential that cannot be opened. */
export interface CredentialProblem {
  user_id: string;
  field: BrokerColumn;
  key_id: string | null;
  code: SecretProblem;
  problem: string;
}

/** A stored credential opened, or what is wrong with it. */
export function openCredential(
  ring: Ring,
  user: Credentials,
  field: BrokerColumn,
): { secret: string } | { offender: CredentialProblem } {
  const opened = decrypt(ring, placeOf(user.user_id, field), user[field]);
  if ('secret' in opened) return opened;
  const code = opened.problem;
  return {
    offender: { user_id: user.user_id, field, key_id: keyIdOf(user[field]), code, problem: PROBLEMS[code] },
  };
}

/** The id of the key that an envelope names. */
export function keyIdOf(envelope: string): string | null {
  const face = inspectEnvelope(envelope);
  return 'keyId' in face ? face.keyId : null;
}

/** The credentials of a trader that cannot be opened, and how many there are in all. */
export function checkCredentials(
  ring: Ring,
  user: Credentials,
): { offenders: CredentialProblem[]; values: number } {
  const fields = BROKER_COLUMNS.filter((field) => user[field] !== '');
  const offenders = fields.flatMap((field) => {
    const opened = openCredential(ring, user, field);
    return 'offender' in opened ? [opened.offender] : [];
  });
  return { offenders, values: fields.length };
}
