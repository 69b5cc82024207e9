import { identifier } from '../../cli/flags.ts';
import type { Answer, Fields, RowOf } from '../../cli/result.ts';

/** A key of the ring, without its bytes. */
export const keyFields = {
  key_id: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  created_at: { type: 'time' },
  keyring: { type: 'text' },
} as const satisfies Fields;

export const keyArgument = identifier('KEY', 'the id of the key, from keys status', 8);

/** What became of a key. */
export const keyed =
  (done: string) =>
  ({ key_id, state, keyring }: RowOf<typeof keyFields>): Answer => ({
    done: `${done} key ${key_id} (${state}) in ${keyring}`,
    next: ['keys', 'status'],
  });
