import { sql } from 'kysely';
import { writeFurtherOrders } from '../../audit/further-orders.ts';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { formatRupees } from '../../domain/money.ts';
import { isUnusable, unusableHash } from '../../platform/secrets/api-key.ts';
import { cancelThere, configuredKind } from '../../trading/broker/halt-and-cancel.ts';
import { isAtBroker } from '../../trading/ledger/at-broker.ts';
import { cancelWorking, findWorking } from '../../trading/ledger/cancel-orders.ts';
import { readLeftOpen } from '../../trading/ledger/left-open.ts';
import { replaceKey } from '../../trading/users/api-keys.ts';
import { findUser, lockUser } from '../../trading/users/store.ts';
import { pluralize } from '../../util/text.ts';
import { openHistory, writeHistory } from './history.ts';
import { type Left, readLeft } from './left.ts';

/**
 * Takes a user out of service, once the id is typed: disables the account, revokes keys and login sessions, stops strategies
 * and cancels working orders in one transaction, then those at the broker, then writes the whole history to a folder. Every step
 * finds done what an earlier run did. Returns what is left to do; a Finding while positions are open or orders work. Throws
 * USER_NOT_FOUND, and FILE_EXISTS for a folder of something else.
 */
export async function offboardUser(
  ctx: Context,
  user: UserId,
  { folder, reason }: { folder: string; reason: string | undefined },
) {
  const db = await ctx.db();
  await findUser(db, user);
  await ctx.confirmByName(user, await describe(ctx, user));
  if (!ctx.dryRun) await openHistory(folder, user);
  const there = isAtBroker(await configuredKind(ctx), await ctx.source());
  const ended = await ctx.change(async (trx) => {
    const outcome = await endAccount(trx, user, instant(ctx.now()), there);
    const { enabled, revoked, stopped, cancelled } = outcome;
    const happened = enabled || revoked || stopped.length + cancelled.length > 0;
    const body = {
      ...{ was_enabled: enabled, keys_revoked: revoked, strategies: stopped },
      ...{ orders_cancelled: cancelled.length, order_ids: firstListed(cancelled) },
      ...(reason !== undefined && { reason }),
    };
    await writeFurtherOrders(trx.db, ctx.origin, { target: auditTarget('user', user), body: {} }, cancelled);
    return { ...changedIf(happened, outcome, auditTarget('user', user), body), unfinished: true };
  });
  const atBroker = ctx.dryRun ? [] : await findWorking(db, { user });
  const broker = atBroker.length > 0 ? await cancelThere(ctx, user, atBroker) : undefined;
  const history = ctx.dryRun ? { files: 0, rows: 0 } : await writeHistory(ctx, folder, user);
  const left = await readLeft(await ctx.source(), user);
  const row = {
    user_id: user,
    enabled: false,
    strategies_stopped: ended.stopped.length,
    orders_cancelled: ended.cancelled.length + (broker?.cancelled ?? 0),
    folder: ctx.dryRun ? null : folder,
    ...history,
    left,
  };
  return left.some(isOpen) ? new Finding(row, broker?.unreachable ? 'unreachable' : 'found') : row;
}

/** What must be closed before the account is of no more use. */
const isOpen = ({ what }: Left) => what === 'positions' || what === 'working orders';

async function describe(ctx: Context, user: UserId): Promise<string> {
  const left = (await readLeftOpen(await ctx.db(), [user])).get(user);
  const { open_positions = 0, unrealized_pnl = '0.00', working_orders = 0 } = left ?? {};
  const open =
    open_positions > 0
      ? ` ${pluralize(open_positions, 'position')} with ${formatRupees(unrealized_pnl)} unrealized stay open.`
      : '';
  return `${user} loses keys, logins and strategies, and ${pluralize(working_orders, 'working order')} of theirs end.${open} Take the account out of service?`;
}

interface Ended {
  enabled: boolean;
  revoked: boolean;
  stopped: StrategyId[];
  cancelled: OrderId[];
}

/** What ends in the book, and needs no broker. Changes nothing that has ended. */
async function endAccount(
  trx: Trx,
  user: UserId,
  at: Instant,
  there: ReturnType<typeof isAtBroker>,
): Promise<Ended> {
  const { enabled } = await lockUser(trx, user);
  if (enabled)
    await trx.db.updateTable('users').set({ enabled: false }).where('user_id', '=', user).execute();
  const revoked = !(await areRevoked(trx, user));
  if (revoked) await replaceKey(trx, user, unusableHash(), { now: at, graceUntil: null });
  trx.touch('logout', [user]);
  const cancelled = await cancelWorking(trx, { user }, at, there);
  return { enabled, revoked, stopped: await stopStrategies(trx, user, at), cancelled };
}

/** Whether no key of a user is in force, nor a replaced one still accepted. */
async function areRevoked(trx: Trx, user: UserId): Promise<boolean> {
  const { rows } = await sql<{ api_key: string; accepted: boolean }>`
    SELECT api_key, ${trx.phase < 4 ? sql`false` : sql`EXISTS (SELECT FROM api_key_grace g WHERE g.user_id = users.user_id)`} AS accepted
    FROM users WHERE user_id = ${user}`.execute(trx.db);
  return rows.every(({ api_key, accepted }) => isUnusable(api_key) && !accepted);
}

async function stopStrategies(trx: Trx, user: UserId, at: Instant): Promise<StrategyId[]> {
  if (trx.phase < 2) return [];
  const { rows } = await sql<{ strategy_id: StrategyId }>`
    UPDATE user_strategies SET status = 'STOPPED', deactivated_at = ${at}::timestamp, updated_at = ${at}::timestamp
    WHERE user_id = ${user} AND status IN ('ACTIVE', 'PAUSED') RETURNING strategy_id`.execute(trx.db);
  return rows.map(({ strategy_id }) => strategy_id).sort();
}
