import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { RiskTolerance } from '../../domain/user.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { refused } from '../../util/failure.ts';
import { USER_COLUMNS } from './store.ts';

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
  const now = ctx.now();
  return ctx.change(async (trx) => {
    const added = await trx.db
      .insertInto('users')
      .values({ ...user, user_id: user.user_id ?? mintId('usr', now), created_at: instant(now) })
      .returning(USER_COLUMNS)
      .executeTakeFirstOrThrow()
      .catch((error) => {
        if (violatedConstraint(error, 'users_pkey'))
          throw refused('USER_EXISTS', `There is already a user ${user.user_id}.`);
        throw emailTaken(error, user.email);
      });
    return changed({ ...added, ...shown }, auditTarget('user', added.user_id), { user: added });
  });
}

/** EMAIL_TAKEN if that is what an error of the database means, else the error. */
export function emailTaken(error: unknown, email: string | undefined): unknown {
  if (!violatedConstraint(error, 'users_email_key')) return error;
  return refused('EMAIL_TAKEN', `There is already a user with the e-mail address ${email}.`);
}
