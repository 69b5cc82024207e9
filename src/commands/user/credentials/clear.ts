import { auditTarget, changed, unchanged } from '../../../audit/outcome.ts';
import { defineCommand } from '../../../cli/command.ts';
import { choice, optional, parsed } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { BROKER_COLUMNS, keyIdOf } from '../../../platform/secrets/broker-credentials.ts';

export const clear = defineCommand({
  effect: 'destroy',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: { field: optional(choice(BROKER_COLUMNS, 'FIELD', 'only this credential')) },
  fields: {
    user_id: { type: 'text' },
    field: { type: 'text' },
    key_id: { type: 'text' },
  },
  answer: ({ user_id, field }) => ({
    done: `Removed ${field} of ${user_id}; the broker must revoke it as well`,
    next: ['user', 'credentials', 'show', user_id],
  }),
  examples: [
    'user credentials clear trader_001 --yes',
    'user credentials clear trader_001 --field broker_token --yes',
  ],
  details: 'Prints what it removed. The broker must revoke the credentials as well.',
  async run({ user, field }, ctx: Context) {
    const { lockCredentials, writeCredentials } = await import('../../../trading/users/credentials.ts');
    await ctx.confirm(`Remove ${field ?? 'all broker credentials'} of ${user}?`);
    return ctx.change(async (trx) => {
      const credentials = await lockCredentials(trx, user);
      const cleared = (field ? [field] : BROKER_COLUMNS)
        .filter((column) => credentials[column] !== '')
        .map((column) => ({ user_id: user, field: column, key_id: keyIdOf(credentials[column]) }));
      if (cleared.length === 0) return unchanged(cleared);
      await writeCredentials(trx, user, Object.fromEntries(cleared.map((one) => [one.field, ''])));
      const body = { cleared: cleared.map(({ field, key_id }) => ({ field, key_id })) };
      return changed(cleared, auditTarget('user', user), body);
    });
  },
});
