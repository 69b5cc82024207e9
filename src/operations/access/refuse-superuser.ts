import { sql } from 'kysely';
import type { Origin } from '../../audit/log.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { Failure } from '../../util/failure.ts';

/**
 * Refuses to work as a superuser or as the owner of the tables, whom neither grants nor the append-only audit log
 * bind; throws SUPERUSER_REFUSED (exit 12), which the audit log keeps but for a dry run. Only where `access apply` has
 * given rights to the operator's role: before that there is nobody else to work as.
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
    WHERE c.oid = to_regclass('users') AND pg_has_role(c.relowner, 'MEMBER')
      AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantee = o.oid)`.execute(connection.kysely);
  const [mighty] = rows;
  if (!mighty) return;
  const refusal = new Failure(
    'forbidden',
    'SUPERUSER_REFUSED',
    `This login is ${mighty.superuser ? 'a superuser' : 'the owner of the tables'}, whom no rule of the database binds.`,
    {
      hint: 'Work as a member of pinnacle_operator (GRANT pinnacle_operator TO …), or say --allow-superuser.',
    },
  );
  if (!dryRun) await (await import('../../audit/record-denial.ts')).recordDenied(connection, origin, refusal);
  throw refusal;
}
