import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import { auditTarget, changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Template } from '../../domain/risk-limits.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { findRules, type Rule } from './store.ts';
import { limitsFor, limitsIn, writeRules } from './write-limits.ts';

/** A template by its name, and what it gives an account, whose capital is in rupees; or why nothing, and what helps. */
export interface TemplateRequest {
  template: string;
  /** Whether users who have rules get these, too. */
  replace: boolean;
  templateFor: (account: {
    risk_tolerance: string;
    total_capital: string;
  }) => { limits: Template } | { problem: string; hint: string };
}

/** An enabled user, and whether there are rules already. */
interface Account {
  user_id: UserId;
  risk_tolerance: string;
  total_capital: string;
  has_rules: boolean;
}

/**
 * Sets the limits that `templateFor` gives, for every enabled user without rules or, with `replace`, for every enabled user, in
 * a fixed number of statements and with an entry in the audit log for each. Says whose rules are kept. Returns the rules; a
 * Finding where the template gives a user none.
 */
export async function setTemplates(ctx: Context, { template, replace, templateFor }: TemplateRequest) {
  let kept: UserId[] = [];
  let without: string[] = [];
  const result = await ctx.change(async (trx) => {
    const accounts = await lockAccounts(trx);
    const keeps = ({ has_rules }: Account) => has_rules && !replace;
    kept = accounts.filter(keeps).map(({ user_id }) => user_id);
    const due = accounts.filter((account) => !keeps(account));
    const found = due.map(({ user_id, ...account }) => ({ user_id, ...templateFor(account) }));
    without = found.flatMap((each) => ('problem' in each ? [`${each.user_id}: ${each.problem}`] : []));
    const wanted = found.flatMap((each) => ('limits' in each ? limitsFor(each.user_id, each.limits) : []));
    const before = await findRules(trx.db, wanted);
    const differing = await writeRules(trx, wanted, ctx.now());
    const after = await findRules(trx.db, wanted);
    const [old, now] = [byUser(before), byUser(after)];
    await writeAudits(
      trx.db,
      ctx.origin,
      differing.map((user) => ({
        target: auditTarget('user', user),
        body: { template, before: limitsIn(old.get(user) ?? []), after: limitsIn(now.get(user) ?? []) },
      })),
    );
    return changedIf(differing.length > 0, without.length > 0 ? new Finding(after) : after, 'risk rules', {
      template,
      users: differing.length,
      kept: kept.length,
      without: without.length,
      user_ids: firstListed(differing),
    });
  });
  if (kept.length > 0)
    await ctx.io.say(
      `${pluralize(kept.length, 'user keeps', 'users keep')} the rules that are there; --replace sets these, too: ${someOf(kept)}`,
    );
  for (const each of without) await ctx.io.warn(`No rules for ${each}.`);
  return result;
}

function byUser(rules: readonly Rule[]): Map<UserId, Rule[]> {
  const users = new Map<UserId, Rule[]>();
  for (const rule of rules) {
    const own = users.get(rule.user_id);
    if (own) own.push(rule);
    else users.set(rule.user_id, [rule]);
  }
  return users;
}

async function lockAccounts(trx: Trx): Promise<Account[]> {
  await sql`SELECT FROM users WHERE enabled ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  const { rows } = await sql<Account>`
    SELECT user_id, risk_tolerance, total_capital,
      EXISTS (SELECT FROM risk_rules r WHERE r.user_id = u.user_id) AS has_rules
    FROM users u WHERE enabled ORDER BY user_id`.execute(trx.db);
  return rows;
}
