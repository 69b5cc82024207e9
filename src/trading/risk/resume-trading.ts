import { changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { type Failure, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { countAffected, liftHalt } from './halts.ts';
import { findScope, type Scope, scopeOf } from './scope.ts';
import { type ActiveHalt, findActiveHalts } from './store.ts';

/**
 * Lifts the halt of one user or, with `all`, of everyone; requires the typed name. Reports what stays halted or paused.
 * Throws NOT_HALTED (exit 5).
 */
export async function resumeTrading(
  ctx: Context,
  { user, all, reason }: { user: UserId | undefined; all: boolean; reason: string },
) {
  const scope = scopeOf(user, all);
  const db = await ctx.db();
  await findScope(db, scope);
  const halts = await findActiveHalts(db, user);
  const found = halts.find(({ user_id }) => user_id === scope.user_id);
  if (!found) throw notHalted(scope, halts);
  await ctx.confirmByName(
    user ?? 'all',
    `Trading for ${scope.name} was halted by ${found.halted_by}: ${found.reason}. Let orders pass again?`,
  );
  const at = instant(ctx.now());
  let paused = 0;
  const ended = await ctx.change(async (trx) => {
    const halt = await liftHalt(trx, scope.user_id, reason, at);
    if (!halt) throw notHalted(scope, halts);
    const title = `Trading is resumed for ${scope.name}`;
    const notice = { notification_type: 'RISK_ALERT', alert_level: 'INFO', title } as const;
    const data = { halt_id: halt.halt_id };
    await insertNotifications(trx, at, [{ ...notice, user_id: halt.user_id, message: reason, data }]);
    // Read here, because nothing may fail once the change is committed.
    ({ paused } = await countAffected(trx.db, scope.user_id));
    return changed(halt, scope.target, { halt });
  });
  const others = halts.filter(({ halt_id }) => halt_id !== ended.halt_id);
  if (others.length > 0) await ctx.io.say(`Still halted: ${names(others)}.`);
  if (paused > 0)
    await ctx.io.say(
      `${pluralize(paused, 'strategy stays', 'strategies stay')} PAUSED. See: pinnacle ${user === undefined ? 'strategy list' : `strategy list --user ${user}`}\nTo resume what this halt paused: pinnacle strategy resume --all --halt ${ended.halt_id}`,
    );
  return ended;
}

function notHalted(scope: Scope, halts: readonly ActiveHalt[]): Failure {
  const others = halts.filter(({ user_id }) => user_id !== scope.user_id);
  return refused(
    'NOT_HALTED',
    `Trading for ${scope.name} is not halted.`,
    others.length > 0 ? `Halted: ${names(others)}. See: pinnacle risk status` : undefined,
  );
}

function names(halts: readonly ActiveHalt[]): string {
  const first = halts.slice(0, 5);
  const more = halts.length - 5;
  const list = first.map(({ user_id }) => user_id ?? 'everyone (--all)').join(', ');
  return more > 0 ? `${list} and ${more.toLocaleString('en-IN')} more` : list;
}
