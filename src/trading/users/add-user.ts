import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { RiskTolerance } from '../../domain/user.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';
import { USER_COLUMNS, type User } from './store.ts';

interface NewUser {
  /** Generated where it is not given. */
  user_id: UserId | undefined;
  name: string;
  email: string;
  total_capital: Rupees;
  risk_tolerance: RiskTolerance;
  /** SHA-256 of the API key in hex. */
  api_key: string;
}

/** Adds a user; the result has the columns `shown` as well. Throws USER_EXISTS or EMAIL_TAKEN. */
export function addUser<S extends object>(ctx: Context, user: NewUser, shown: S) {
  return ctx.change(async (trx) => {
    const [added] = await insertUsers(trx, [user], ctx.now()).catch((error) => {
      if (violatedConstraint(error, 'users_pkey'))
        throw refused('USER_EXISTS', `There is already a user ${user.user_id}.`);
      throw emailTaken(error, user.email);
    });
    if (!added) throw new Error('a user that was just added is there');
    return changed({ ...added, ...shown }, auditTarget('user', added.user_id), { user: added });
  });
}

/** Adds users within a change, with an audit entry for each as `addUser` writes it: the evidence of the opening capital. */
export async function addUsers(
  trx: Trx,
  users: readonly NewUser[],
  { origin, now }: Pick<Context, 'origin' | 'now'>,
): Promise<void> {
  const added = await insertUsers(trx, users, now()).catch((error) => {
    if (!violatedConstraint(error, 'users_pkey') && emailTaken(error, undefined) === error) throw error;
    throw refused('USER_EXISTS', 'One of these users was added concurrently.', 'Run it again.');
  });
  await writeAudits(
    trx.db,
    origin,
    added.map((user) => ({ target: auditTarget('user', user.user_id), body: { user } })),
  );
}

async function insertUsers(trx: Trx, users: readonly NewUser[], now: Date): Promise<User[]> {
  const rows = users.map((user) => ({ ...user, user_id: user.user_id ?? mintId('usr', now) }));
  const { rows: added } = await sql<User>`
    INSERT INTO users (user_id, name, email, api_key, total_capital, risk_tolerance, created_at)
    SELECT user_id, name, email, api_key, total_capital, risk_tolerance, ${instant(now)}::timestamp
    FROM ${unnest('u', TYPES, rows)}
    RETURNING ${sql.join(USER_COLUMNS.map((name) => sql.ref(name)))}`.execute(trx.db);
  return added;
}

const TYPES = {
  user_id: 'text',
  name: 'text',
  email: 'text',
  api_key: 'text',
  total_capital: 'numeric',
  risk_tolerance: 'text',
} as const;

/** EMAIL_TAKEN if that is what an error of the database means, else the error. */
export function emailTaken(error: unknown, email: string | undefined): unknown {
  if (!violatedConstraint(error, 'users_email_key')) return error;
  return refused('EMAIL_TAKEN', `There is already a user with the e-mail address ${email}.`);
}
