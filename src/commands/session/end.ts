import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { defineCommand } from '../../cli/command.ts';
import { parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { noSession, SESSION_COLUMNS } from '../../trading/sessions/store.ts';
import { lockUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';
import { sessionFields } from './fields.ts';

// An audit row names at most this many sessions; its count includes all.
const NAMED = 1_000;

export const end = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  repeat: 'once',
  phase: 3,
  singleInstance: true,
  args: {},
  flags: {
    user: requiredUnless('all', parsed(userId, 'USER', 'the user')),
    all: toggle('every active session, at the end of the trading day'),
  },
  fields: sessionFields,
  examples: [
    'session end --user trader_001',
    'session end --user trader_001 --json total_pnl,max_drawdown',
    'session end --all',
  ],
  details:
    'The session ends with the present capital of the account. Positions and working orders stay unchanged.',
  async run({ user, all }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a --user or give --all, not both.');
    const now = instant(ctx.now());
    return ctx.change<Ended | Ended[]>(async (trx) => {
      await (user === undefined ? lockOwners(trx) : lockUser(trx, user));
      const ended = await endSessions(trx, user, now);
      if (user === undefined) {
        const body = {
          ended: ended.length,
          sessions: ended.slice(0, NAMED).map(({ session_id }) => session_id),
        };
        return { result: ended, audit: ended.length > 0 ? { target: 'sessions', body } : null };
      }
      const [session] = ended;
      if (!session) throw noSession(user, 'active session');
      return { result: session, audit: { target: `session ${session.session_id}`, body: { session } } };
    });
  },
});

/** Locks the users of all active sessions in the order of their ids, as everywhere. */
async function lockOwners(trx: Trx): Promise<void> {
  await sql`
    SELECT FROM users WHERE user_id IN (SELECT user_id FROM trading_sessions WHERE status = 'ACTIVE')
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
}

type Ended = Awaited<ReturnType<typeof endSessions>>[number];

/** Ends the active session of a user, or every active session; their users must be locked. */
function endSessions(trx: Trx, user: UserId | undefined, now: Instant) {
  const ended = trx.db
    .updateTable('trading_sessions as s')
    .from('users as u')
    .set((eb) => ({
      status: 'COMPLETED',
      end_time: now,
      capital_at_end: eb.cast<number>('u.total_capital', 'double precision'),
      updated_at: now,
    }))
    .whereRef('s.user_id', '=', 'u.user_id')
    .where('s.status', '=', 'ACTIVE')
    .returning(SESSION_COLUMNS.map((name) => `s.${name}` as const));
  return (user === undefined ? ended : ended.where('s.user_id', '=', user)).execute();
}
