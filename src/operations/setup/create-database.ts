import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import { resolveServer } from '../../platform/postgres/server-url.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';
import { mayTakeOn } from '../access/may-take-on.ts';
import { type ServerAccess, withServer } from './probe-server.ts';

/** The role and the database that a URL names, and which of them a server lacks. */
export interface Missing {
  role: string;
  database: string;
  roleIsMissing: boolean;
  databaseIsMissing: boolean;
}

/** What a server lacks of the role and the database of a URL, as another login sees it. */
export function findMissing(url: string, admin: ServerAccess): Promise<Missing> {
  const { role, database } = named(url);
  return withServer(admin, async (db) => {
    const { rows } = await sql<{ roles: number; databases: number }>`
      SELECT (SELECT count(*)::int FROM pg_roles WHERE rolname = ${role}) AS roles,
        (SELECT count(*)::int FROM pg_database WHERE datname = ${database}) AS databases`.execute(db);
    const [found] = rows;
    return { role, database, roleIsMissing: found?.roles === 0, databaseIsMissing: found?.databases === 0 };
  });
}

/**
 * Makes what is missing as another login: a role that may log in, with a password if one is given, and a database that it
 * owns; both or neither. The password leaves this machine only as its verifier. Throws NOT_PERMITTED (exit 12) where that login
 * may not.
 */
export function createMissing(
  missing: Missing,
  admin: ServerAccess,
  password: string | undefined,
): Promise<void> {
  const role = quoteIdentifier(missing.role);
  return withServer(admin, async (db) => {
    if (missing.roleIsMissing) {
      const secret = password === undefined ? '' : ` PASSWORD '${scramVerifier(password)}'`;
      await execute(db, `CREATE ROLE ${role} LOGIN${secret}`);
    }
    if (!missing.databaseIsMissing) return;
    try {
      await createDatabase(db, missing);
    } catch (error) {
      // It may have a password that nobody has seen.
      if (missing.roleIsMissing) await execute(db, `DROP ROLE ${role}`).catch(() => {});
      throw error;
    }
  });
}

async function createDatabase(db: Kysely<Database>, missing: Missing): Promise<void> {
  const [role, database] = [quoteIdentifier(missing.role), quoteIdentifier(missing.database)];
  // Who is no superuser may give a database only to a role that it can become.
  const { rows } = await sql<{ can: boolean }>`
    SELECT ${mayTakeOn(sql`r.oid`)} AS can FROM pg_roles r WHERE r.rolname = ${missing.role}`.execute(db);
  const joins = rows[0]?.can !== true;
  if (joins) await execute(db, `GRANT ${role} TO CURRENT_USER`);
  try {
    await execute(db, `CREATE DATABASE ${database} OWNER ${role}`);
  } finally {
    if (joins) await execute(db, `REVOKE ${role} FROM CURRENT_USER`);
  }
}

function named(url: string): { role: string; database: string } {
  const { user, database } = resolveServer(url);
  if (user === undefined || database === undefined)
    throw new Failure('config', 'CONFIG_INVALID', 'The URL of the database names no role or no database.', {
      hint: 'Write both: postgres://ROLE@HOST:5432/DATABASE',
    });
  return { role: user, database };
}

/** A new password that needs no encoding in a URL. */
export const newPassword = (): string => randomBytes(24).toString('base64url');

const ITERATIONS = 4_096;
const KEY_BYTES = 32;

/** What PostgreSQL keeps of a password, so that neither the server nor its log sees it. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, ITERATIONS, KEY_BYTES, 'sha256');
  const keyed = (words: string) => createHmac('sha256', salted).update(words).digest();
  const stored = createHash('sha256').update(keyed('Client Key')).digest('base64');
  const server = keyed('Server Key').toString('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${server}`;
}

/** What is missing, as words of a question; undefined if nothing is. */
export function describeMissing({
  role,
  database,
  roleIsMissing,
  databaseIsMissing,
}: Missing): string | undefined {
  const parts = [
    ...(roleIsMissing ? [`the role ${role}`] : []),
    ...(databaseIsMissing ? [`the database ${database}`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join(' and ');
}
