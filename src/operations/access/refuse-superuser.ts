import { sql } from 'kysely';
import type { Origin } from '../../audit/log.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { Failure } from '../../util/failure.ts';
import { mayTakeOn } from './may-take-on.ts';

/**
 * Throws SUPERUSER_REFUSED (exit 12) for a superuser or the owner of the tables, to whom neither grants nor the append-only
 * audit log apply; records the refusal, except in a dry run. Only once `access apply` has granted rights to the operator
 * role: before that there is no other login to work as.
 */
export async function refuseSuperuser(
  connection: Connection,
  origin: Origin,
  dryRun: boolean,
): Promise<void> {
  const { rows } = await sql<{ superuser: boolean }>`
    SELECT r.rolsuper AS superuser
    FROM pg_class c
      JOIN pg_roles r ON r.rolname = current_user
      JOIN pg_roles o ON o.rolname = 'pinnacle_operator'
    WHERE c.oid = to_regclass('users')
      AND (pg_has_role(c.relowner, 'USAGE') OR ${mayTakeOn(sql`c.relowner`)})
      AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = o.oid)`.execute(connection.kysely);
  const [privileged] = rows;
  if (!privileged) return;
  const refusal = new Failure(
    'forbidden',
    'SUPERUSER_REFUSED',
    `Refusing to work as ${privileged.superuser ? 'a superuser' : 'the owner of the tables'}: the permissions of the database would not apply.`,
    {
      hint: 'Connect as a member of pinnacle_operator (GRANT pinnacle_operator TO …), or pass --allow-superuser.',
    },
  );
  if (!dryRun) await (await import('../../audit/record-denial.ts')).recordDenied(connection, origin, refusal);
  throw refusal;
}
