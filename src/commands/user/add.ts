import { defineCommand } from '../../cli/command.ts';
import { choice, money, optional, parsed, text, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { newUserId } from '../../domain/id.ts';
import { formatRupees } from '../../domain/money.ts';
import { emailAddress, RISK_TOLERANCES } from '../../domain/user.ts';
import { userFields } from './fields.ts';
import { isShown, outputFileFlag, secretAnswer, withNewSecret } from './issue-secret.ts';

export const add = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: {},
  flags: {
    userId: optional(parsed(newUserId, 'ID', 'the id; generated if omitted')),
    name: text('NAME', 'full name', 100),
    email: parsed(emailAddress, 'EMAIL', 'e-mail address'),
    capital: withDefault(money('RUPEES', 'opening capital'), '100000.00'),
    riskTolerance: withDefault(choice(RISK_TOLERANCES, 'LEVEL', 'risk tolerance'), 'medium'),
    outputFile: outputFileFlag('api_key'),
  },
  fields: { ...userFields, api_key: { type: 'text', secret: true }, output_file: { type: 'text' } },
  answer: ({ user_id, name, total_capital, api_key, output_file }) => {
    const { kept, once } = secretAnswer('API key', api_key, output_file);
    const done = `Added ${user_id} (${name}) with ${formatRupees(String(total_capital))}${kept}`;
    return { done, once, next: ['user', 'show', user_id] };
  },
  examples: [
    'user add --user-id trader_001 --name "Asha Rao" --email asha@example.com --capital 1000000',
    'user add --name "Ravi Iyer" --email ravi@example.com --json user_id,api_key',
    'user add --name "Ravi Iyer" --email ravi@example.com --output-file ravi.key',
  ],
  details: isShown('api_key'),
  async run({ userId, name, email, capital, riskTolerance, outputFile }, ctx: Context) {
    const { addUser } = await import('../../trading/users/add-user.ts');
    const user = { user_id: userId, name, email, total_capital: capital, risk_tolerance: riskTolerance };
    return withNewSecret(ctx, 'api_key', outputFile, (hash, shown) =>
      addUser(ctx, { ...user, api_key: hash }, shown),
    );
  },
});
