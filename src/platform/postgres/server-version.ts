import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';

/** The major versions of PostgreSQL that the test matrix runs on: docs/support.md. */
export const OLDEST_MAJOR = 14;
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
