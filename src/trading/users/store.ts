import type { UserId } from '../../domain/id.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { rowsOf } from '../rows-of.ts';

export const USER_COLUMNS = [
  'user_id',
  'name',
  'email',
  'total_capital',
  'risk_tolerance',
  'enabled',
  'created_at',
  'last_login',
] as const;

const users = rowsOf('users', USER_COLUMNS, 'user', 'See: pinnacle user list');

export type User = Awaited<ReturnType<typeof users.find>>;

export const findUser = users.find;
export const lockUser = users.lock;
/** Those who are there, in the order of their ids. */
export const lockUsers = users.lockMany;

/** USER_DISABLED: a disabled user may not do this. */
export function userDisabled(userId: UserId): Failure {
  return refused('USER_DISABLED', `The user ${userId} is disabled.`, `Run: pinnacle user enable ${userId}`);
}
