import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { mintId, userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { findActive, SESSION_COLUMNS } from '../../trading/sessions/store.ts';
import { lockUser, userDisabled } from '../../trading/users/store.ts';
import { refused } from '../../util/failure.ts';
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
    const now = ctx.now();
    const at = instant(now);
    return ctx.change(async (trx) => {
      const owner = await lockUser(trx, user);
      if (!owner.enabled) throw userDisabled(user);
      const running = await findActive(trx.db, user);
      if (running)
        throw refused(
          'SESSION_ACTIVE',
          `${user} has a running session since ${running.start_time}: ${running.session_id}.`,
          `End it first: pinnacle session end --user ${user}`,
        );
      const capital = Number(owner.total_capital);
      const session = await trx.db
        .insertInto('trading_sessions')
        .values({
          session_id: mintId('ses', now),
          user_id: user,
          start_time: at,
          capital_at_start: capital,
          peak_equity: capital,
          created_at: at,
          updated_at: at,
        })
        .returning(SESSION_COLUMNS)
        .executeTakeFirstOrThrow();
      return { result: session, audit: { target: `session ${session.session_id}`, body: { session } } };
    });
  },
});
