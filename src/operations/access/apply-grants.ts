import type { Kysely } from 'kysely';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure } from '../../util/failure.ts';
import { diffGrants, type Step } from './diff-grants.ts';
import { OWNER } from './role-grants.ts';

const PREREQUISITES = ['role', 'schema', 'database'];

/** Runs the statements of a plan; throws NOT_PERMITTED (exit 12) for one that this login may not run. */
export async function applyGrants(db: Kysely<Database>, steps: readonly Step[]): Promise<void> {
  // A table can be given only to a role that may make some, so that what it stands on is made sure of first.
  await applyAndVerify(db, steps, ({ object }) => PREREQUISITES.includes(object));
  await applyAndVerify(db, steps, ({ object }) => !PREREQUISITES.includes(object));
}

async function applyAndVerify(
  db: Kysely<Database>,
  all: readonly Step[],
  concerns: (step: Step) => boolean,
): Promise<void> {
  const steps = all.filter(concerns);
  for (const step of steps)
    await execute(db, step.sql).catch((error) => {
      throw isPermissionDenied(error) ? notPermitted(step) : error;
    });
  // Of a right that is not one's own to give, PostgreSQL only warns.
  const left = new Set((await diffGrants(db)).map(({ sql }) => sql));
  const ignored = steps.find(({ sql }) => left.has(sql));
  if (ignored) throw notPermitted(ignored);
}

function notPermitted({ object, sql }: Step): Failure {
  const needed =
    object === 'role'
      ? 'CREATEROLE, and from PostgreSQL 16 on the ADMIN option of the role'
      : object === 'schema' || object === 'database'
        ? `to own the ${object}`
        : `to be a member of ${OWNER}, or to own ${object}`;
  return new Failure('forbidden', 'NOT_PERMITTED', `This login is not permitted to: ${sql}`, {
    hint: `Nothing was changed. The login needs ${needed}; PINNACLE_MIGRATE_URL can name another one.`,
  });
}
