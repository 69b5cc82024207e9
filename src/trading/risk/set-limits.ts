import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import type { Template } from '../../domain/risk-limits.ts';
import { refused } from '../../util/failure.ts';
import { lockUser } from '../users/store.ts';
import { setTemplates, type TemplateRequest } from './set-templates.ts';
import { findRules, type Rule } from './store.ts';
import { limitsFor, limitsIn, writeRules } from './write-limits.ts';

/** Sets one limit of a user (rupees, percent or orders) and returns the rule. */
export function setLimit(ctx: Context, userId: UserId, rule: RuleType, value: number) {
  return ctx.change(async (trx) => {
    await lockUser(trx, userId);
    return outcomeOf(userId, await write(ctx, trx, userId, { [rule]: value }), ([only]) => only as Rule);
  });
}

/** Sets the limits that a template gives a user, or without one, everyone; returns these rules. Throws NO_TEMPLATE. */
export function setTemplate(ctx: Context, userId: UserId | undefined, request: TemplateRequest) {
  return userId === undefined ? setTemplates(ctx, request) : setTemplateOf(ctx, userId, request);
}

function setTemplateOf(ctx: Context, userId: UserId, { templateFor }: TemplateRequest) {
  return ctx.change(async (trx) => {
    const found = templateFor(await lockUser(trx, userId));
    if ('problem' in found) throw refused('NO_TEMPLATE', `${found.problem}.`, found.hint);
    return outcomeOf(userId, await write(ctx, trx, userId, found.limits), (rules) => rules);
  });
}

async function write(ctx: Context, trx: Trx, userId: UserId, template: Template) {
  const limits = limitsFor(userId, template);
  const before = await findRules(trx.db, limits);
  const differing = await writeRules(trx, limits, ctx.now());
  return { before, after: await findRules(trx.db, limits), differ: differing.length > 0 };
}

function outcomeOf<T>(
  userId: UserId,
  { before, after, differ }: { before: Rule[]; after: Rule[]; differ: boolean },
  resultOf: (rules: Rule[]) => T,
) {
  if (!differ) return unchanged(resultOf(after));
  const body = { before: limitsIn(before), after: limitsIn(after) };
  return changed(resultOf(after), auditTarget('user', userId), body);
}
