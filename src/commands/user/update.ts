import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { emailAddress, RISK_TOLERANCES } from '../../domain/user.ts';
import { usage } from '../../util/failure.ts';
import { switched, userFields } from './fields.ts';

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
  answer: switched('Updated'),
  examples: [
    'user update trader_001 --email asha.rao@example.com',
    'user update trader_001 --risk-tolerance low',
  ],
  details:
    'Columns that are not given stay unchanged. A new risk tolerance does not change existing limits: see risk set.',
  async run({ user, name, email, riskTolerance }, ctx: Context) {
    const changes = {
      ...(name !== undefined && { name }),
      ...(email !== undefined && { email }),
      ...(riskTolerance !== undefined && { risk_tolerance: riskTolerance }),
    };
    if (Object.keys(changes).length === 0)
      throw usage('Nothing to change: give --name, --email or --risk-tolerance.');
    const { updateUser } = await import('../../trading/users/update-user.ts');
    return updateUser(ctx, user, changes);
  },
});
