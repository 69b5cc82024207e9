import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { negated } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { bookFlows, type Flow } from '../ledger/book-flows.ts';
import { lockUser } from '../users/store.ts';
import { findBooked, findFlow } from './store.ts';

/** A flow that may be countered. Throws FLOW_NOT_FOUND, FLOW_IS_CORRECTION and PHASE_NEEDED. */
export async function findReversible(source: Source, id: string): Promise<Flow> {
  needStep(source, FLOWS_SINCE_STEP);
  const flow = await findFlow(source.db, id);
  if (flow.kind !== 'correction') return flow;
  throw refused(
    'FLOW_IS_CORRECTION',
    `${id} is a correction, of ${flow.corrects}.`,
    `What it countered is booked anew, under a reference of its own. See: pinnacle user flows ${flow.user_id}`,
  );
}

/**
 * Counters a flow by a correction of the same amount and day, which leaves both on record; once, a second time changes
 * nothing. What is free is not asked: what never was cannot have been taken out. Throws as `findReversible`.
 */
export async function reverseFlow(ctx: Context, id: string, reason: string) {
  let isKnown = false;
  const reversed = await ctx.change(async (trx) => {
    const flow = await findReversible(trx, id);
    const { total_capital } = await lockUser(trx, flow.user_id);
    const known = await findBooked(trx.db, flow.user_id, 'correction', id);
    isKnown = known !== undefined;
    if (known) return unchanged({ ...known.flow, total_capital });
    const { user_id, amount, day } = flow;
    const correction = { user_id, kind: 'correction', amount: negated(amount), day } as const;
    const [booked] = await bookFlows(
      trx,
      [{ ...correction, reference: id, corrects: id, reason }],
      ctx.now(),
    );
    if (!booked) throw new Error('a flow that was just booked is there');
    return changed(booked, auditTarget('user', user_id), { flow: booked, countered: flow });
  });
  if (isKnown) await ctx.io.say(`${id} is already countered, by ${reversed.flow_id}; nothing changed.`);
  return reversed;
}
