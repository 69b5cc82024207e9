import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { RuleType } from '../../domain/enums.ts';
import type { UserId } from '../../domain/id.ts';
import type { Template } from '../../domain/risk-limits.ts';
import { lockUser } from '../users/store.ts';
import { findRules } from './store.ts';
import { writeRules } from './write-limits.ts';

type Rules = Awaited<ReturnType<typeof findRules>>;

/** Sets one limit of a user (rupees, percent or orders) and returns the rule. */
export function setLimit(ctx: Context, userId: UserId, rule: RuleType, value: number) {
  return ctx.change(async (trx) => {
    await lockUser(trx, userId);
    return outcomeOf(
      userId,
      await write(ctx, trx, userId, { [rule]: value }),
      ([only]) => only as Rules[number],
    );
  });
}

/** Sets the limits that `templateFor` gives for the user's risk tolerance, and returns these rules. */
export function setTemplate(ctx: Context, userId: UserId, templateFor: (tolerance: string) => Template) {
  return ctx.change(async (trx) => {
    const { risk_tolerance } = await lockUser(trx, userId);
    return outcomeOf(userId, await write(ctx, trx, userId, templateFor(risk_tolerance)), (rules) => rules);
  });
}

async function write(ctx: Context, trx: Trx, userId: UserId, limits: Template) {
  const types = Object.keys(limits) as RuleType[];
  const before = await findRules(trx.db, userId, types);
  const differ = await writeRules(trx, userId, limits, ctx.now());
  return { before, after: await findRules(trx.db, userId, types), differ };
}

function outcomeOf<T>(
  userId: UserId,
  { before, after, differ }: { before: Rules; after: Rules; differ: boolean },
  resultOf: (rules: Rules) => T,
) {
  if (!differ) return unchanged(resultOf(after));
  const body = { before: limitsOf(before), after: limitsOf(after) };
  return changed(resultOf(after), auditTarget('user', userId), body);
}

const limitsOf = (rules: Rules) =>
  Object.fromEntries(rules.map(({ rule_type, rule_value }) => [rule_type, rule_value]));
