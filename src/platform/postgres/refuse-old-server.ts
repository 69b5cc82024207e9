import { type Kysely, sql } from 'kysely';
import { Failure } from '../../util/failure.ts';
import { OLDEST_MAJOR, versionVerdict } from './server-version.ts';
import type { Database } from './tables.ts';

/** Throws SERVER_TOO_OLD (exit 78) for a version without something that the scripts use. */
export async function refuseOldServer(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql<{ number: number }>`
    SELECT current_setting('server_version_num')::integer AS number`.execute(db);
  const major = Math.floor(Number(rows[0]?.number) / 10_000);
  if (versionVerdict(major, '').state !== 'fail') return;
  throw new Failure('config', 'SERVER_TOO_OLD', `The server is PostgreSQL ${major}, which is too old.`, {
    hint: `Nothing was changed. Upgrade the server to PostgreSQL ${OLDEST_MAJOR} or later.`,
  });
}
