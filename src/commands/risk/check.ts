import { defineCommand } from '../../cli/command.ts';
import { json, optional, parsed } from '../../cli/flags.ts';
import { Finding, type Result } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { breachAudit, breachNotice } from '../../trading/risk/breach-notices.ts';
import { tradingDayOf } from '../../trading/risk/trading-day.ts';
import { findUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';
import { proposedOrder } from './proposed-order.ts';

export const check = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  entries: 'none',
  phase: 4,
  alone: true,
  args: { user: optional(parsed(userId, 'USER', 'every rule of this trader')) },
  flags: { order: optional(json('JSON', 'what this order would meet; changes nothing')) },
  fields: {
    user_id: { type: 'text' },
    rule_type: { type: 'text' },
    limit: { type: 'number' },
    current: { type: 'number' },
    projected: { type: 'number' },
    headroom: { type: 'number' },
    verdict: { type: 'text' },
    newly: { type: 'boolean' },
    message: { type: 'text', hidden: true },
  },
  examples: [
    'risk check',
    'risk check trader_001 --json rule_type,current,limit,verdict',
    `risk check trader_001 --order '{"symbol":"TCS","side":"BUY","quantity":10,"price":4000,"strategy_id":null}'`,
  ],
  details: `Measures every rule, keeps what it finds, and alerts a trader when a rule is newly violated, or no longer. Without
USER it prints what is violated, cannot be evaluated or has cleared. Ends 6 where something is violated or cannot
be evaluated. With --order it only asks: what each rule stands at before the order (current) and with it
(projected), and what its limit leaves before the order (headroom); ends 6 where the order would be refused.`,
  async run({ user, order }, ctx: Context) {
    const now = ctx.now();
    const clock = await tradingDayOf(now, ctx);
    if (order) {
      if (user === undefined) throw usage('--order needs the USER who would place it.');
      const { previewOrder } = await import('./preview-order.ts');
      return previewOrder(proposedOrder(order, user, now), clock, ctx);
    }
    const [{ evaluateAllRules }, { insertNotifications }] = await Promise.all([
      import('../../trading/risk/evaluate-rules.ts'),
      import('../../trading/notifications/notify.ts'),
    ]);
    return ctx.change<Result>(async (trx) => {
      if (user !== undefined) await findUser(trx.db, user);
      const checked = await evaluateAllRules(trx, user ?? null, clock);
      const news = checked.filter(({ newly }) => newly);
      await insertNotifications(trx, instant(now), news.map(breachNotice));
      const target = user === undefined ? 'all users' : `user ${user}`;
      const result = checked.some(({ verdict }) => verdict !== 'ok') ? new Finding(checked) : checked;
      return { result, audit: news.length > 0 ? { target, body: breachAudit(news) } : null };
    });
  },
});
