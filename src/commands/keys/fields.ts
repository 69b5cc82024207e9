import { identifier } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';

/** A key of the ring, without its bytes. */
export const keyFields = {
  key_id: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  created_at: { type: 'time' },
  keyring: { type: 'text' },
} as const satisfies Fields;

export const keyArgument = identifier('KEY', 'the id of the key, from keys status', 8);
