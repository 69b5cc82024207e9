import { auditTarget, changed } from '../../../audit/outcome.ts';
import { defineCommand } from '../../../cli/command.ts';
import { identifier, parsed } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { type UserId, userId } from '../../../domain/id.ts';
import { findUser, lockUser } from '../../../trading/users/store.ts';
import { Failure, notFound } from '../../../util/failure.ts';

export const revoke = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user'), session: identifier('LOGIN', 'the session', 100) },
  flags: {},
  fields: { user_id: { type: 'text' }, session_id: { type: 'text' } },
  answer: ({ user_id, session_id }) => ({
    done: `Ended login ${session_id} of ${user_id}`,
    next: ['user', 'logins', 'list', user_id],
  }),
  examples: ['user logins revoke trader_001 lgn_01'],
  details: `Exits 3 if the session does not exist. While Redis is unreachable this is unknown: it exits 8, and the session, if there is
one, ends as soon as Redis is back.`,
  async run({ user, session }, ctx: Context) {
    await findUser(await ctx.db(), user);
    if ((await isThere(ctx, user, session)) === false)
      throw notFound('login session', session, `See: pinnacle user logins list ${user}`);
    return ctx.change(async (trx) => {
      await lockUser(trx, user);
      trx.touch('revoke', [`${user}:${session}`]);
      return changed({ user_id: user, session_id: session }, auditTarget('user', user), { revoked: session });
    });
  },
});

/** Whether the user has this session; undefined while Redis is unreachable. */
async function isThere(ctx: Context, user: UserId, id: string): Promise<boolean | undefined> {
  const { readSession } = await import('../../../trading/users/login-sessions.ts');
  try {
    return (await readSession(await ctx.redis('sessions'), user, id)) !== undefined;
  } catch (error) {
    const failure = await ctx.explain(error);
    if (failure instanceof Failure && failure.kind === 'unreachable') return undefined;
    throw failure;
  }
}
