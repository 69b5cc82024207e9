import type { Kysely } from 'kysely';
import { writeAudit } from '../../audit/log.ts';
import type { Context } from '../../context.ts';
import { isPermissionDenied } from '../../platform/postgres/errors.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { PATIENT_LOCKS, retryUnderLocks } from '../../platform/postgres/retry-under-locks.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { inTransaction, withSession } from '../migrations/rollout-session.ts';
import { diffGrants, type GrantStep } from './diff-grants.ts';
import { OWNER } from './role-grants.ts';

const LOCK_WAIT_MS = 10_000;
const PREREQUISITES = ['role', 'schema', 'database'];

/**
 * Creates the roles and brings their grants to what docs/security.md says, in one transaction; returns its statements.
 * Asks before it revokes anything. Throws NO_ROLES (exit 5) on the embedded database, NOT_PERMITTED (exit 12) for a
 * statement that this login may not run.
 */
export async function applyGrants(ctx: Context): Promise<GrantStep[]> {
  const { kind } = await ctx.migrationConnection();
  if (kind === 'embedded')
    throw refused('NO_ROLES', 'The embedded database has a single user: there are no roles to grant to.');
  return withSession(ctx, LOCK_WAIT_MS, async (session) => {
    const steps = await diffGrants(session.db);
    if (steps.length === 0) {
      await ctx.io.say('Nothing to do: roles and grants are as they should be.');
      return steps;
    }
    const excess = steps.filter(({ change }) => change === 'excess').length;
    if (excess > 0) await ctx.confirm(`${pluralize(excess, 'excess right')} will be revoked.`);
    await retryUnderLocks(PATIENT_LOCKS, ctx.signal, () =>
      inTransaction(ctx, session, async () => {
        await runSteps(session.db, steps);
        await writeAudit(session.db, ctx.origin, {
          target: 'access',
          body: { statements: steps.map(({ sql }) => sql) },
        });
      }),
    );
    return steps;
  });
}

async function runSteps(db: Kysely<Database>, steps: readonly GrantStep[]): Promise<void> {
  // Only a role that may create tables can be given one, so its rights on the schema are verified first.
  await runAndVerify(db, steps, ({ object }) => PREREQUISITES.includes(object));
  await runAndVerify(db, steps, ({ object }) => !PREREQUISITES.includes(object));
}

async function runAndVerify(
  db: Kysely<Database>,
  all: readonly GrantStep[],
  matches: (step: GrantStep) => boolean,
): Promise<void> {
  const steps = all.filter(matches);
  for (const step of steps)
    await execute(db, step.sql).catch((error) => {
      throw isPermissionDenied(error) ? notPermitted(step) : error;
    });
  // PostgreSQL only warns when a login grants a right that it may not pass on.
  const left = new Set((await diffGrants(db)).map(({ sql }) => sql));
  const ignored = steps.find(({ sql }) => left.has(sql));
  if (ignored) throw notPermitted(ignored);
}

/** As a superuser runs it: before PostgreSQL 15 the schema public belongs to one, whoever owns the database. */
const ownership = (sql: string) => `ALTER ${/ON (\w+ \S+)/.exec(sql)?.[1]} OWNER TO …`;

function notPermitted({ object, sql }: GrantStep): Failure {
  const needed =
    object === 'role'
      ? 'CREATEROLE and, from PostgreSQL 16 on, the ADMIN option of the role'
      : object === 'schema' || object === 'database'
        ? `to own the ${object} (${ownership(sql)})`
        : `to be a member of ${OWNER} or to own ${object}`;
  return new Failure('forbidden', 'NOT_PERMITTED', `This login is not permitted to run: ${sql}`, {
    hint: `Nothing was changed. The login needs ${needed}; PINNACLE_MIGRATE_URL can name another one.`,
  });
}
