import type { Kysely } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { usage } from '../../util/failure.ts';
import { findUser } from '../users/store.ts';

/** The scope of a halt: one user, or everyone if user_id is null. */
export interface Scope {
  user_id: UserId | null;
  /** In a sentence. */
  name: string;
  /** In the audit log. */
  target: string;
}

/** The named user, or everyone. Throws a usage error if both are given. */
export function scopeOf(user: UserId | undefined, all: boolean): Scope {
  if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
  return user === undefined
    ? { user_id: null, name: 'everyone', target: 'all users' }
    : { user_id: user, name: user, target: `user ${user}` };
}

/** Throws USER_NOT_FOUND if the user does not exist. */
export async function findScope(db: Kysely<Database>, { user_id }: Scope): Promise<void> {
  if (user_id !== null) await findUser(db, user_id);
}
