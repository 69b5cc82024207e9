import { changedIf } from '../../audit/outcome.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { freshQuote } from '../quotes/fresh-quote.ts';
import { tradingDayOf } from '../trading-day.ts';
import { findUser } from '../users/store.ts';
import { breachAudit, breachNotice } from './breach-notices.ts';
import { type CheckedRule, evaluateAllRules } from './evaluate-rules.ts';
import { previewPreTrade } from './pre-trade.ts';
import { proposedOrder } from './proposed-order.ts';

/**
 * Evaluates the rules of one user, or of everyone, stores the results and notifies of rules that newly broke or
 * cleared. Returns a Finding if a rule is violated or cannot be evaluated; with `onlyNew`, of the rules for which that is
 * new since the last check.
 */
export async function checkRules(ctx: Context, user: UserId | undefined, onlyNew: boolean) {
  const clock = await tradingDayOf(ctx);
  return ctx.change<CheckedRule[] | Finding<CheckedRule>>(async (trx) => {
    if (user !== undefined) await findUser(trx.db, user);
    const evaluated = await evaluateAllRules(trx, user ?? null, clock);
    const checked = onlyNew
      ? evaluated.filter(({ newly, newly_missing }) => newly || newly_missing)
      : evaluated;
    const news = checked.filter(({ newly }) => newly);
    await insertNotifications(trx, clock.now, news.map(breachNotice));
    const target = user === undefined ? 'all users' : `user ${user}`;
    const result = checked.some(({ verdict }) => verdict !== 'ok') ? new Finding(checked) : checked;
    return changedIf(news.length > 0, result, target, breachAudit(news));
  });
}

/**
 * Evaluates every rule for a proposed order, described as JSON. Refusals are printed on stderr and make the result a
 * Finding. Throws a usage error that names what is wrong with the JSON.
 */
export async function previewOrder(ctx: Context, userId: UserId, given: Readonly<Record<string, unknown>>) {
  const clock = await tradingDayOf(ctx);
  const order = proposedOrder(given, userId, clock.now);
  const quote = await freshQuote(order.symbol, ctx);
  const { judgements, refusals } = await previewPreTrade(await ctx.source(), order, clock, { quote });
  const rows = judgements.map((judgement) => ({
    user_id: userId,
    ...judgement,
    newly: false,
    newly_missing: false,
  }));
  if (refusals.length === 0) {
    await ctx.io.say('The order would be placed.');
    return rows;
  }
  for (const { message } of refusals) await ctx.io.say(`The order would be refused. ${message}`);
  return new Finding(rows);
}
