import { type Kysely, sql } from 'kysely';
import type { Connection } from '../../platform/postgres/connect.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';

/** Throws BACKUP_UNTRUSTED (exit 5) for a superuser of a server, where a backup of unknown origin is not to be loaded unasked. */
export async function refuseUnknownOrigin({ kind, kysely }: Connection, path: string): Promise<void> {
  if (kind === 'embedded' || !(await isSuperuser(kysely))) return;
  throw refused(
    'BACKUP_UNTRUSTED',
    `The backup ${path} was not written by this installation, and the database login is a superuser.`,
    'Load it as a login that is none (PINNACLE_MIGRATE_URL), or pass --trust once you know where the file comes from.',
  );
}

async function isSuperuser(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ superuser: boolean }>`
    SELECT rolsuper AS superuser FROM pg_roles WHERE rolname = current_user`.execute(db);
  return rows[0]?.superuser === true;
}
