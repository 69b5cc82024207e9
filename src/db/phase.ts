import type { Kysely } from 'kysely';
import type { Database } from './schema.ts';
import { isUndefined } from './sqlstate.ts';

/** The last phase of the rollout that the database has, 0 to 4; 0 where nothing was ever rolled out. */
export async function currentPhase(db: Kysely<Database>): Promise<number> {
  try {
    const row = await db
      .selectFrom('pinnacle_migrations')
      .select((eb) => eb.fn.max('phase').as('phase'))
      .executeTakeFirst();
    return row?.phase ?? 0;
  } catch (error) {
    if (isUndefined(error)) return 0;
    throw error;
  }
}
