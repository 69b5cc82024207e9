import type { Kysely } from 'kysely';
import { parsed, requiredUnless } from '../../cli/flags.ts';
import { type UserId, userId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { findUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';

export const trader = requiredUnless('all', parsed(userId, 'USER', 'the trader'));

/** Whom a halt is about: a trader, or everyone where user_id is null. */
export interface Scope {
  user_id: UserId | null;
  /** In a sentence. */
  name: string;
  /** In the audit log. */
  target: string;
}

/** The trader named, or everyone; a usage error for both at once. */
export function scopeOf(user: UserId | undefined, all: boolean): Scope {
  if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
  return user === undefined
    ? { user_id: null, name: 'everyone', target: 'all users' }
    : { user_id: user, name: user, target: `user ${user}` };
}

/** Throws USER_NOT_FOUND where the trader does not exist. */
export async function findScope(db: Kysely<Database>, { user_id }: Scope): Promise<void> {
  if (user_id !== null) await findUser(db, user_id);
}
