import type { RawBuilder } from 'kysely';
import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { ActionTerms } from '../../domain/corporate-actions/action.ts';
import { mintId } from '../../domain/id.ts';
import { ACTIONS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { tradingZone } from '../trading-day.ts';
import { actionRow } from './action-row.ts';
import { namesOf } from './step.ts';
import { actionsOf, findAction, type StoredAction } from './store.ts';

/**
 * Puts a corporate action on record, which changes nothing of the book; the same again is the same. Throws ACTION_CONFLICT where it is
 * there with other terms, under whichever name of the share, and PHASE_NEEDED.
 */
export async function addAction(ctx: Context, terms: ActionTerms, source: string) {
  let isKnown = false;
  const action = await ctx.change(async (trx) => {
    needStep(trx, ACTIONS_SINCE_STEP);
    const zone = tradingZone(trx);
    const known = await findSame(trx, zone, terms);
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

/** The same on record, of the share and the other share under whichever name; a renaming is of its two names. */
async function findSame(trx: Trx, zone: RawBuilder<string>, terms: ActionTerms) {
  const isRename = terms.type === 'rename';
  const names = isRename ? [terms.symbol] : await namesOf(trx, terms.symbol);
  const targets = isRename ? [terms.new_symbol] : await namesOf(trx, terms.new_symbol);
  return (await actionsOf(trx, zone, names)).find(
    (each) =>
      each.type === terms.type &&
      each.ex_date === terms.ex_date &&
      names.includes(each.symbol) &&
      (each.new_symbol === null || targets.includes(each.new_symbol)),
  );
}

const conflict = ({ action_id, type, symbol, ex_date, status }: StoredAction) =>
  refused(
    'ACTION_CONFLICT',
    `A ${type} of ${symbol} on ${ex_date} is on record with other terms (${action_id}, ${status}).`,
    `To correct it, reverse that one and add it anew: pinnacle corporate-action reverse ${action_id} --reason "to be corrected"`,
  );
