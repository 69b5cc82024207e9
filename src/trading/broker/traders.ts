import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { brokerColumns } from '../../platform/secrets/broker-credentials.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { findUser, userDisabled } from '../users/store.ts';
import { listAccountUsers } from './accounts.ts';
import { tradersAt } from './find-traders.ts';
import { brokerKind } from './open-broker.ts';

/**
 * One trader by name, or with `undefined` all who may have something at the broker. Throws USER_NOT_FOUND, and USER_DISABLED where only
 * those who may trade are wanted.
 */
export async function namedTraders(
  ctx: Context,
  user: UserId | undefined,
  only?: 'enabled',
): Promise<UserId[]> {
  const db = await ctx.db();
  if (user !== undefined) {
    const { enabled } = await findUser(db, user);
    if (only && !enabled) throw userDisabled(user);
    return [user];
  }
  const kind = await brokerKind(ctx);
  const users = only ? await listAccountUsers(db, only) : await tradersAt(ctx, kind);
  if (users.length === 0) await ctx.io.say('No trader has a client code at the broker.');
  return users;
}

/** A row of a trader, or why there is none. */
export type Attempted<T> = { user: UserId } & ({ row: T } | { problem: string });

/**
 * Does something for each trader in turn. What fails for one of several is reported and does not keep the others from it; a
 * failure of the only one, and of all, is thrown. Only failures of a broker or its credentials count as those of one trader.
 */
export async function eachTrader<T>(
  ctx: Context,
  users: readonly UserId[],
  work: (user: UserId) => Promise<T>,
): Promise<Attempted<T>[]> {
  const results: Attempted<T>[] = [];
  const failures: Failure[] = [];
  for (const user of users) {
    ctx.signal.throwIfAborted();
    try {
      results.push({ user, row: await work(user) });
    } catch (error) {
      if (!isOfTrader(error)) throw error;
      failures.push(error);
      results.push({ user, problem: error.message });
    }
  }
  const [first] = failures;
  if (first === undefined || failures.length < users.length) return results;
  if (users.length === 1 || first.kind !== 'unreachable') throw first;
  throw new Failure(
    'unreachable',
    first.code,
    `${first.message} It is so for all of ${pluralize(users.length, 'trader')}.`,
    first.details,
  );
}

const isOfTrader = (error: unknown): error is Failure =>
  error instanceof Failure && (error.code.startsWith('BROKER_') || error.code === 'CREDENTIALS_UNREADABLE');

/** Who may not read the credentials of traders may not act for them at a broker either, whatever its kind. Throws NOT_PERMITTED. */
export async function requireCredentials(ctx: Context): Promise<void> {
  const source = await ctx.source();
  await source.db.selectFrom('users').select(brokerColumns(source)).limit(0).execute();
}
