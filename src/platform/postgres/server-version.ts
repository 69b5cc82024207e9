import { type Kysely, sql } from 'kysely';
import { Failure } from '../../util/failure.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Database } from './tables.ts';

/** The major versions of PostgreSQL that the test matrix runs on: docs/support.md. */
const OLDEST_MAJOR = 14;
const NEWEST_MAJOR = 18;

/** Whether a major version is one that this program is tested on; `detail` is what is said of the server. */
export function versionVerdict(major: number, detail: string): Verdict {
  if (major < OLDEST_MAJOR)
    return fail(`${detail}; PostgreSQL ${OLDEST_MAJOR} or later is required`, 'Upgrade the server.');
  if (major > NEWEST_MAJOR)
    return warn(
      `${detail}; tested are PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR}`,
      'Look for a later version of pinnacle.',
    );
  return ok(detail);
}

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
