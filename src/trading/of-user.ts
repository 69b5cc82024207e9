import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../domain/id.ts';

/** `AND table.user_id = …` if only one user is asked for. */
export function ofUser(table: string, user: UserId | undefined): RawBuilder<unknown> {
  return user === undefined ? sql`` : sql`AND ${sql.ref(`${table}.user_id`)} = ${user}`;
}
