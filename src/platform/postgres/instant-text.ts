import { type RawBuilder, sql } from 'kysely';

/** SQL for a UTC timestamp of a row as the text of an `Instant`, in JSON that PostgreSQL makes; NULL of NULL. */
export const instantText = (at: string): RawBuilder<string> =>
  sql`to_char(${sql.ref(at)}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
