import { sql } from 'kysely';
import { connectServer } from '../../platform/postgres/connect.ts';
import { isDatabaseFailure, translateFailure } from '../../platform/postgres/errors.ts';
import { refuseOldServer } from '../../platform/postgres/refuse-old-server.ts';
import { readSchema, type SchemaPhase } from '../../platform/postgres/schema-phase.ts';
import { describeServer } from '../../platform/postgres/server-url.ts';
import { refuseUnfollowed } from '../../platform/postgres/url-parameters.ts';

/** How a server is reached: its URL with the password, if there is one. */
export interface ServerAccess {
  url: string;
  insecureTls: boolean;
  env: Readonly<Record<string, string | undefined>>;
}

/** What a login finds at a server, and may do there. */
export interface Probe {
  /** `trading@db1:5432/pinnacle`. */
  target: string;
  version: string;
  encrypted: boolean;
  superuser: boolean;
  /** Whether it may make tables in its schema, or the schema itself. */
  may_create: boolean;
  may_create_roles: boolean;
  may_create_databases: boolean;
  phase: SchemaPhase;
}

/**
 * Connects to a server and reads what its login may do. Throws what is wrong in the operator's words: DATABASE_UNREACHABLE,
 * LOGIN_REFUSED, DATABASE_MISSING, TLS_REFUSED, TLS_TOO_WEAK, SERVER_TOO_OLD or CONFIG_INVALID.
 */
export function probeServer(access: ServerAccess): Promise<Probe> {
  return withServer(access, async (db) => {
    await refuseOldServer(db);
    const { rows } = await sql<Omit<Probe, 'target' | 'phase'>>`
      SELECT current_setting('server_version') AS version, r.rolsuper AS superuser,
        coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
        coalesce(has_schema_privilege(current_schema(), 'CREATE'),
          has_database_privilege(current_database(), 'CREATE')) AS may_create,
        r.rolsuper OR r.rolcreaterole AS may_create_roles, r.rolsuper OR r.rolcreatedb AS may_create_databases
      FROM pg_roles r WHERE r.rolname = current_user`.execute(db);
    const [row] = rows;
    if (!row) throw new Error('the role of a session is there');
    const { phase } = await readSchema(db);
    return { ...row, target: describeServer(access.url), phase };
  });
}

type Db = ReturnType<typeof connectServer>['kysely'];

const TIMEOUT_MS = 10_000;

/** Works on a connection of its own; what PostgreSQL or the connection reports is thrown in the operator's words. */
export async function withServer<T>(
  { url, insecureTls, env }: ServerAccess,
  work: (db: Db) => Promise<T>,
): Promise<T> {
  refuseUnfollowed(url, env);
  const connection = connectServer(url, {
    ...{ applicationName: 'pinnacle/config init', poolSize: 1, statementTimeoutMs: TIMEOUT_MS },
    insecureTls,
  });
  try {
    return await work(connection.kysely);
  } catch (error) {
    throw isDatabaseFailure(error) ? translateFailure(error, describeServer(url)) : error;
  } finally {
    await connection.close();
  }
}
