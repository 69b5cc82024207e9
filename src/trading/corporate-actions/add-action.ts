import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { ActionTerms } from '../../domain/corporate-actions/action.ts';
import { mintId } from '../../domain/id.ts';
import { ACTIONS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { tradingZone } from '../trading-day.ts';
import { actionRow } from './action-row.ts';
import { actionsOf, findAction, type StoredAction } from './store.ts';

/**
 * Puts a corporate action on record, which changes nothing of the book; the same again is the same. Throws ACTION_CONFLICT where it is
 * there with other terms, and PHASE_NEEDED.
 */
export async function addAction(ctx: Context, terms: ActionTerms, source: string) {
  let isKnown = false;
  const action = await ctx.change(async (trx) => {
    needStep(trx, ACTIONS_SINCE_STEP);
    const zone = tradingZone(trx);
    const known = (await actionsOf(trx, zone, [terms.symbol])).find((each) => isSameAction(each, terms));
    isKnown = known !== undefined;
    if (known) {
      const other = TERMS.find((term) => JSON.stringify(known[term]) !== JSON.stringify(terms[term]));
      if (other !== undefined) throw conflict(known);
      return unchanged(actionRow(known));
    }
    const action_id = mintId('act', ctx.now());
    const { ratio, ...columns } = terms;
    await trx.db
      .insertInto('corporate_actions')
      .values({
        ...columns,
        ...{
          action_id,
          source,
          numerator: ratio?.numerator ?? null,
          denominator: ratio?.denominator ?? null,
        },
        tds_above: terms.tds_above as never,
      })
      .execute();
    const added = await findAction(trx, zone, action_id);
    return changed(actionRow(added), auditTarget('symbol', terms.symbol), { action_id, source, ...terms });
  });
  if (isKnown)
    await ctx.io.say(
      `The ${action.type} of ${action.symbol} on ${action.ex_date} is on record; nothing changed.`,
    );
  return action;
}

const TERMS = ['ratio', 'amount', 'cash_price', 'cost_percent', 'tds_percent', 'tds_above'] as const;

const isSameAction = (a: ActionTerms, b: ActionTerms): boolean =>
  a.type === b.type && a.symbol === b.symbol && a.ex_date === b.ex_date && a.new_symbol === b.new_symbol;

const conflict = ({ action_id, type, symbol, ex_date, status }: StoredAction) =>
  refused(
    'ACTION_CONFLICT',
    `A ${type} of ${symbol} on ${ex_date} is on record with other terms (${action_id}, ${status}).`,
    `To correct it, reverse that one and add it anew: pinnacle corporate-action reverse ${action_id} --reason TEXT`,
  );
