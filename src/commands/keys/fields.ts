import { identifier } from '../../cli/flags.ts';
import type { Answer, Fields, RowOf } from '../../cli/result.ts';
import { pluralize } from '../../util/text.ts';

/** A key of the ring, without its bytes. */
export const keyFields = {
  key_id: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  created_at: { type: 'time' },
  keyring: { type: 'text' },
} as const satisfies Fields;

export const keyArgument = identifier('KEY', 'the id of the key, from keys status', 8);

/** How many credentials got another envelope. */
export const encryptedFields = {
  key_id: { type: 'text' },
  users: { type: 'integer' },
  credentials: { type: 'integer' },
} as const satisfies Fields;

/** What was encrypted anew. */
export const encrypted = ({ key_id, users, credentials }: RowOf<typeof encryptedFields>): Answer => ({
  done: credentials
    ? `Encrypted ${pluralize(Number(credentials), 'credential')} of ${pluralize(Number(users), 'user')} with key ${key_id}`
    : `Nothing is left to encrypt with key ${key_id}`,
  next: ['keys', 'status'],
});

/** What became of a key. */
export const keyed =
  (done: string) =>
  ({ key_id, state, keyring }: RowOf<typeof keyFields>): Answer => ({
    done: `${done} key ${key_id} (${state}) in ${keyring}`,
    next: ['keys', 'status'],
  });
