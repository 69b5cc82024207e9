import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { sessionFields } from './fields.ts';

export const start = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 3,
  args: {},
  flags: { user: parsed(userId, 'USER', 'the user') },
  fields: sessionFields,
  examples: ['session start --user trader_001'],
  details: 'A user has at most one running session. It starts with the present capital of the account.',
  async run({ user }, ctx: Context) {
    const { startSession } = await import('../../trading/sessions/start-session.ts');
    return startSession(ctx, user);
  },
});
