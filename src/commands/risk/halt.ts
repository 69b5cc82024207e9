import { defineCommand } from '../../cli/command.ts';
import { text, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { haltFields } from './fields.ts';
import { findScope, scopeOf, trader } from './scope.ts';

export const halt = defineCommand({
  effect: 'destroy',
  multiStep: true,
  phase: 4,
  args: { user: trader },
  flags: {
    all: toggle('halt everyone'),
    reason: withDefault(text('REASON', 'why, for whoever finds trading halted'), 'not given'),
  },
  fields: {
    ...haltFields,
    orders_cancelled: { type: 'integer' },
    strategies_paused: { type: 'integer' },
  },
  examples: [
    'risk halt trader_001 --reason "runaway strategy" --yes',
    'risk halt --all --reason "exchange outage" --yes',
  ],
  details: `The kill switch: cancels every working order, keeping what is filled, and pauses every active strategy. It
latches: nothing but cancels and orders that reduce a position pass until risk resume. Halting again keeps the
first reason and sweeps up what is working.`,
  async run({ user, all, reason }, ctx: Context) {
    const scope = scopeOf(user, all);
    const [{ countAffected, setHalt, cancelAndPause }, { insertNotifications }] = await Promise.all([
      import('../../trading/risk/halts.ts'),
      import('../../trading/notifications/notify.ts'),
    ]);
    const db = await ctx.db();
    await findScope(db, scope);
    const { orders, active } = await countAffected(db, scope.user_id);
    const toll = `cancels ${pluralize(orders, 'working order')} and pauses ${pluralize(active, 'strategy', 'strategies')}`;
    await ctx.io.say(`Halting trading for ${scope.name} ${toll}.`);
    await ctx.agree(`Halt trading for ${scope.name}?`);
    const at = instant(ctx.now());
    // Committed before the sweep waits for anybody: from then on no entry gets in.
    const latched = await ctx.change(async (trx) => {
      const { halt, fresh } = await setHalt(trx, scope.user_id, reason, at);
      const title = `Trading is halted for ${scope.name}`;
      const notice = { notification_type: 'RISK_ALERT', alert_level: 'CRITICAL', title } as const;
      const data = { halt_id: halt.halt_id };
      if (fresh)
        await insertNotifications(trx, at, [{ ...notice, user_id: halt.user_id, message: reason, data }]);
      const audit = fresh ? { target: scope.target, body: { halt } } : null;
      return { result: halt, audit, unfinished: true };
    });
    return ctx
      .change(async (trx) => {
        const swept = await cancelAndPause(trx, scope.user_id, at);
        const idle = swept.orders_cancelled + swept.strategies_paused === 0;
        const body = { halt_id: latched.halt_id, ...swept };
        const audit = idle ? null : { target: scope.target, body };
        return { result: { ...latched, ...swept }, audit };
      })
      .catch((error) => {
        throw ctx.dryRun ? error : unfinished(scope.name);
      });
  },
});

function unfinished(name: string): Failure {
  return new Failure(
    'busy',
    'HALT_UNFINISHED',
    `Trading is halted for ${name}, but what was working is not cancelled yet.`,
    {
      hint: 'Run it again, with a longer --timeout where somebody is in the way.',
      retryable: true,
      changed: true,
    },
  );
}
