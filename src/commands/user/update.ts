import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { emailAddress, RISK_TOLERANCES } from '../../domain/user.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { lockUser, USER_COLUMNS } from '../../trading/users/store.ts';
import { refused, usage } from '../../util/failure.ts';
import { userFields } from './fields.ts';

export const update = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {
    name: optional(text('NAME', 'new full name', 100)),
    email: optional(parsed(emailAddress, 'EMAIL', 'new e-mail address')),
    riskTolerance: optional(choice(RISK_TOLERANCES, 'LEVEL', 'new risk tolerance')),
  },
  fields: userFields,
  examples: [
    'user update trader_001 --email asha.rao@example.com',
    'user update trader_001 --risk-tolerance low',
  ],
  details:
    'Columns that are not given stay unchanged. A new risk tolerance does not change existing limits: see risk set.',
  async run({ user, name, email, riskTolerance }, ctx: Context) {
    const given = { name, email, risk_tolerance: riskTolerance };
    const columns = (['name', 'email', 'risk_tolerance'] as const).filter(
      (column) => given[column] !== undefined,
    );
    if (columns.length === 0) throw usage('Nothing to change: give --name, --email or --risk-tolerance.');
    return ctx.change(async (trx) => {
      const before = await lockUser(trx, user);
      const differing = columns.filter((column) => before[column] !== given[column]);
      if (differing.length === 0) return unchanged(before);
      const of = (row: object) =>
        Object.fromEntries(differing.map((column) => [column, row[column as keyof typeof row]]));
      const after = await trx.db
        .updateTable('users')
        .set(of(given))
        .where('user_id', '=', user)
        .returning(USER_COLUMNS)
        .executeTakeFirstOrThrow()
        .catch((error) => {
          if (violatedConstraint(error, 'users_email_key'))
            throw refused('EMAIL_TAKEN', `There is already a user with the e-mail address ${email}.`);
          throw error;
        });
      return changed(after, auditTarget('user', user), { before: of(before), after: of(after) });
    });
  },
});
