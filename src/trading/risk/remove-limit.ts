import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import { notFound } from '../../util/failure.ts';
import { lockUser } from '../users/store.ts';
import { RULE_COLUMNS } from './store.ts';

/** Removes a rule of a user and returns it as it was. Throws RISK_RULE_NOT_FOUND (exit 3). */
export function removeLimit(ctx: Context, userId: UserId, rule: RuleType) {
  return ctx.change(async (trx) => {
    await lockUser(trx, userId);
    const removed = await trx.db
      .deleteFrom('risk_rules')
      .where('user_id', '=', userId)
      .where('rule_type', '=', rule)
      .returning(RULE_COLUMNS)
      .executeTakeFirst();
    if (!removed)
      throw notFound('risk rule', `${rule} of ${userId}`, `See: pinnacle risk list --user ${userId}`);
    return changed(removed, auditTarget('user', userId), { removed });
  });
}
