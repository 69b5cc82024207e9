import type { Fields } from '../../cli/result.ts';

/** An alias, and how many users have orders under the old name. */
export const aliasFields = {
  old_symbol: { type: 'text' },
  new_symbol: { type: 'text' },
  from_date: { type: 'text' },
  in_force: { type: 'boolean' },
  users: { type: 'integer' },
} as const satisfies Fields;
