import type { Answer, Fields, RowOf } from '../../cli/result.ts';

/** The columns of a user that may be shown: neither the hash of the API key nor broker credentials. */
export const userFields = {
  user_id: { type: 'text' },
  name: { type: 'text' },
  email: { type: 'text', minor: true },
  total_capital: { type: 'money' },
  risk_tolerance: { type: 'text', minor: true },
  enabled: { type: 'boolean' },
  created_at: { type: 'time', minor: true },
  last_login: { type: 'time', minor: true },
} as const satisfies Fields;

/** What became of an account. */
export const switched =
  (done: string) =>
  ({ user_id, name }: RowOf<typeof userFields>): Answer => ({
    done: `${done} ${user_id} (${name})`,
    next: ['user', 'show', user_id],
  });
