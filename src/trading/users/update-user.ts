import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { RiskTolerance } from '../../domain/user.ts';
import { emailTaken } from './add-user.ts';
import { lockUser, USER_COLUMNS } from './store.ts';

interface Changes {
  name?: string;
  email?: string;
  risk_tolerance?: RiskTolerance;
}

/** Changes columns of a user. Changes nothing if they already have these values. Throws EMAIL_TAKEN. */
export function updateUser(ctx: Context, userId: UserId, changes: Changes) {
  return ctx.change(async (trx) => {
    const before = await lockUser(trx, userId);
    const differing = (Object.keys(changes) as (keyof Changes)[]).filter(
      (column) => before[column] !== changes[column],
    );
    if (differing.length === 0) return unchanged(before);
    const of = (row: Readonly<Partial<Record<keyof Changes, string>>>) =>
      Object.fromEntries(differing.map((column) => [column, row[column]]));
    const after = await trx.db
      .updateTable('users')
      .set(of(changes))
      .where('user_id', '=', userId)
      .returning(USER_COLUMNS)
      .executeTakeFirstOrThrow()
      .catch((error) => {
        throw emailTaken(error, changes.email);
      });
    return changed(after, auditTarget('user', userId), { before: of(before), after: of(after) });
  });
}
