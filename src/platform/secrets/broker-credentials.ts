import type { UserId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, hasStep, type Schema } from '../postgres/schema-phase.ts';
import { decrypt, inspectEnvelope, type Place, PROBLEMS, type SecretProblem } from './envelope.ts';
import type { Ring } from './key-ring.ts';

/** The most bytes whose envelope fits varchar(100), as the columns are before phase 4. */
export const MAX_BYTES_BEFORE_PHASE_4 = 36;

/** The columns of users that hold broker credentials. */
export const BROKER_COLUMNS = ['broker_api_key', 'broker_secret', 'broker_token', 'broker_totp'] as const;
export type BrokerColumn = (typeof BROKER_COLUMNS)[number];

/** Those that a schema has. */
export const brokerColumns = (schema: Schema): readonly BrokerColumn[] =>
  hasStep(schema, BROKER_SINCE_STEP)
    ? BROKER_COLUMNS
    : BROKER_COLUMNS.filter((column) => column !== 'broker_totp');

/** The credentials of a user as stored, '' for none and for a column that the schema lacks. */
export type Credentials = Record<BrokerColumn, string> & { user_id: UserId };

/** Where a credential of a user is stored. */
export const placeOf = (userId: UserId, column: BrokerColumn): Place => ({
  table: 'users',
  column,
  row: userId,
});

/** A stored credential that cannot be decrypted. */
export interface CredentialProblem {
  user_id: UserId;
  field: BrokerColumn;
  key_id: string | null;
  code: SecretProblem;
  problem: string;
}

/** Decrypts a stored credential; returns it or its problem. */
export function openCredential(
  ring: Ring,
  user: Credentials,
  field: BrokerColumn,
): { secret: string } | { problem: CredentialProblem } {
  const opened = decrypt(ring, placeOf(user.user_id, field), user[field]);
  if ('secret' in opened) return opened;
  const code = opened.problem;
  return {
    problem: { user_id: user.user_id, field, key_id: keyIdOf(user[field]), code, problem: PROBLEMS[code] },
  };
}

/** Whether a stored value is a credential that nobody encrypted; no value is none. */
export function isInTheClear(value: string): boolean {
  const found = inspectEnvelope(value);
  return value !== '' && 'problem' in found && found.problem === 'SECRET_NOT_ENCRYPTED';
}

/** The id of the key that an envelope names. */
export function keyIdOf(envelope: string): string | null {
  const found = inspectEnvelope(envelope);
  return 'keyId' in found ? found.keyId : null;
}

/** The credentials of a user that cannot be decrypted, and how many there are in all. */
export function checkCredentials(
  ring: Ring,
  user: Credentials,
): { problems: CredentialProblem[]; values: number } {
  const fields = BROKER_COLUMNS.filter((field) => user[field] !== '');
  const problems = fields.flatMap((field) => {
    const opened = openCredential(ring, user, field);
    return 'problem' in opened ? [opened.problem] : [];
  });
  return { problems, values: fields.length };
}
