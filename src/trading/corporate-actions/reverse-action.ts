import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { nearestDouble } from '../../domain/fixed.ts';
import type { PositionId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { negated, type Rupees, sumOfMoney } from '../../domain/money.ts';
import { unrealized } from '../../domain/position.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { refused } from '../../util/failure.ts';
import { pluralize, shellWord } from '../../util/text.ts';
import { bookFlows } from '../ledger/book-flows.ts';
import { type PositionRow, writePositions } from '../ledger/chain-store.ts';
import { restoreExact } from '../ledger/exact-costs.ts';
import { remeasureSessions } from '../sessions/remeasure-equity.ts';
import { tradingZone } from '../trading-day.ts';
import type { Applied } from './apply-action.ts';
import { lockUsers } from './book-step.ts';
import { positionColumns } from './holders.ts';
import { nameOf, namesOf, type Step } from './step.ts';
import { actionsOf, changeActions, findAction, lockActions, type StoredAction } from './store.ts';

/**
 * Takes an action back, with those that it was applied together with, after a confirmation: every position is what it was, and what
 * was paid is countered. One that was never applied is withdrawn. Orders that it cancelled stay so. Throws ACTION_BUILT_ON where a
 * position was traded, or another action applied, since; a second time nothing changes.
 */
export async function reverseAction(ctx: Context, id: string, reason: string) {
  const source = await ctx.source();
  const found = await findAction(source, tradingZone(source), id);
  if (found.status === 'REVERSED') {
    await ctx.io.say(`The ${nameOf(found)} is reversed already; nothing changed.`);
    return [rowOf(found, [], '0.00' as Rupees)];
  }
  const booked = await countEffects(source, found);
  await ctx.confirm(
    `This takes back the ${nameOf(found)}${found.status === 'DRAFT' ? ', which was never applied' : ` for ${pluralize(booked, 'position')}`}.`,
  );
  return ctx.change(async (trx) => {
    const step = await lockStep(trx, id);
    const { lead, actions } = step;
    if (lead.status === 'REVERSED') return unchanged([rowOf(lead, [], '0.00' as Rupees)]);
    await lockUsers(trx, step);
    const at = await serverNow(trx.db);
    const restored = lead.status === 'APPLIED' ? await restore(trx, step, at) : [];
    const countered = lead.status === 'APPLIED' ? await counterFlows(trx, lead, reason, ctx.now()) : [];
    if (lead.type === 'rename' && lead.status === 'APPLIED') await takeName(trx, lead);
    const ids = actions.map(({ action_id }) => action_id);
    await changeActions(trx, ids, { status: 'REVERSED', reversed_at: at, reason });
    const row = rowOf({ ...lead, status: 'REVERSED' }, restored, sumOfMoney(countered));
    return changed([row], auditTarget('symbol', lead.symbol), {
      ...{ action_id: lead.action_id, actions: ids, reason, positions: row.positions, cash: row.cash },
      effects: firstListed(restored.map(({ position_id }) => position_id)),
    });
  });
}

/** The actions that were applied together, locked. */
async function lockStep(trx: Trx, id: string): Promise<Step> {
  const zone = tradingZone(trx);
  const { symbol } = await findAction(trx, zone, id);
  const symbols = await namesOf(trx, symbol);
  await lockActions(trx, symbols);
  const action = await findAction(trx, zone, id);
  const applied = (await actionsOf(trx, zone, symbols)).filter(
    (each) => action.applied_with !== null && each.applied_with === action.applied_with,
  );
  const [first = action, ...rest] = applied;
  const lead = applied.find(({ action_id }) => action_id === action.applied_with) ?? first;
  return { actions: [first, ...rest], lead, symbols, effective_at: action.effective_at, cash_price: null };
}

const leadOf = ({ applied_with, action_id }: StoredAction) => applied_with ?? action_id;

async function countEffects(source: Source, action: StoredAction): Promise<number> {
  const { rows } = await sql<{ effects: number }>`
    SELECT count(*)::int AS effects FROM corporate_action_effects
    WHERE action_id = ${leadOf(action)} AND reversed_at IS NULL`.execute(source.db);
  return rows[0]?.effects ?? 0;
}

interface Restored {
  position_id: PositionId;
  user_id: UserId;
}

/**
 * Gives positions the values that they had. One that was marked since keeps the mark, as a price of the old shares; one that the action
 * opened ends empty.
 */
async function restore(trx: Trx, { lead }: Step, at: Instant): Promise<Restored[]> {
  await refuseBuiltOn(trx, lead);
  const isUnmarked = sql`p.current_price = e.price`;
  const price = sql`CASE WHEN ${isUnmarked} THEN e.price_before ELSE p.current_price * e.price_before / nullif(e.price, 0) END`;
  const inForce = sql`e.action_id = ${lead.action_id} AND e.reversed_at IS NULL`;
  await sql`
    UPDATE positions p SET
      side = CASE WHEN e.opened THEN p.side WHEN e.shares_before < 0 THEN 'SHORT' ELSE 'LONG' END::position_side,
      quantity = abs(e.shares_before),
      average_price = CASE WHEN e.opened THEN p.average_price ELSE e.average_before END,
      current_price = CASE WHEN e.opened THEN p.current_price ELSE ${price} END,
      unrealized_pnl = CASE WHEN e.opened THEN 0 WHEN ${isUnmarked} THEN e.unrealized_before
        ELSE (((${price})::text::numeric - e.average_before::text::numeric) * e.shares_before)::float8 END,
      marked_at = CASE WHEN NOT e.opened AND ${isUnmarked} THEN e.marked_before END,
      status = CASE WHEN e.opened THEN 'CLOSED' ELSE 'OPEN' END::position_status,
      closed_at = CASE WHEN e.opened THEN ${at}::timestamp END, updated_at = ${at}::timestamp
    FROM corporate_action_effects e
    WHERE p.position_id = e.position_id AND ${inForce} AND (e.shares <> 0 OR e.cost <> 0)`.execute(trx.db);
  const { rows } = await sql<Restored & { moved: boolean }>`
    UPDATE corporate_action_effects e SET reversed_at = ${at}::timestamp WHERE ${inForce}
    RETURNING e.position_id, e.user_id, e.shares <> 0 OR e.cost <> 0 AS moved`.execute(trx.db);
  await recompute(
    trx,
    rows.filter((row) => row.moved).map(({ position_id }) => position_id),
  );
  const moved = [...new Set(rows.filter((row) => row.moved).map(({ user_id }) => user_id))];
  if (moved.length > 0) await remeasureSessions(trx, moved, at);
  return rows;
}

/** Executions of before the action may have been corrected since: an average that is no longer what they make becomes it. */
async function recompute(trx: Trx, ids: readonly PositionId[]): Promise<void> {
  const { rows } = await sql<PositionRow>`
    SELECT ${positionColumns(trx)} FROM positions p WHERE p.position_id = ANY(${[...ids]}) AND p.status = 'OPEN'`.execute(
    trx.db,
  );
  await restoreExact(trx, rows);
  const corrected = rows.flatMap((row) => {
    const average_price = row.exact ? nearestDouble(row.exact.average) : row.average_price;
    if (average_price === row.average_price) return [];
    const next = { ...row, average_price };
    return [{ ...next, unrealized_pnl: unrealized(next, row.current_price) }];
  });
  await writePositions(trx, corrected);
}

/** Throws ACTION_BUILT_ON where something was booked behind an effect on its position. */
async function refuseBuiltOn({ db }: Trx, lead: StoredAction): Promise<void> {
  const { rows } = await sql<{ position_id: PositionId; user_id: UserId; what: string }>`
    SELECT e.position_id, e.user_id, l.what
    FROM corporate_action_effects e CROSS JOIN LATERAL (
      SELECT 'traded' AS what FROM order_fills f WHERE f.position_id = e.position_id AND f.seq > e.seq
      UNION ALL
      SELECT 'taken over from another program' FROM ledger_openings o
      WHERE o.id = e.position_id AND o.kind = 'position' AND o.undone_at IS NULL AND o.seq > e.seq
      UNION ALL
      SELECT 'changed by the corporate action ' || n.action_id FROM corporate_action_effects n
      WHERE n.position_id = e.position_id AND n.seq > e.seq AND n.reversed_at IS NULL AND (n.shares <> 0 OR n.cost <> 0)
      UNION ALL
      SELECT 'closed, and opened anew as ' || o.position_id FROM positions p JOIN positions o ON o.user_id = p.user_id
        AND o.symbol = p.symbol AND o.strategy_id IS NOT DISTINCT FROM p.strategy_id
        AND o.product IS NOT DISTINCT FROM p.product AND o.position_id <> p.position_id
      WHERE p.position_id = e.position_id AND p.status = 'CLOSED'
        AND (o.status = 'OPEN' OR EXISTS (SELECT FROM order_fills f WHERE f.position_id = o.position_id AND f.seq > e.seq)
          OR EXISTS (SELECT FROM corporate_action_effects n WHERE n.position_id = o.position_id AND n.seq > e.seq
            AND n.reversed_at IS NULL AND (n.shares <> 0 OR n.cost <> 0)))
      LIMIT 1
    ) l
    WHERE e.action_id = ${lead.action_id} AND e.reversed_at IS NULL AND (e.shares <> 0 OR e.cost <> 0)
    ORDER BY e.position_id`.execute(db);
  const [first] = rows;
  if (!first) return;
  throw refused(
    'ACTION_BUILT_ON',
    `Since the ${nameOf(lead)}, ${pluralize(rows.length, 'position')} of it ${rows.length === 1 ? 'was' : 'were'} booked on: ${first.position_id} of ${first.user_id} was ${first.what}.`,
    `Nothing changed. Take that back first. See: pinnacle position history ${first.position_id}`,
  );
}

/** Counters what was paid or charged, unless a person did; returns the amounts. */
async function counterFlows(
  trx: Trx,
  { action_id }: StoredAction,
  reason: string,
  now: Date,
): Promise<Rupees[]> {
  // Statistics of what was booked just now are not there yet: all movements would be scanned for each position.
  await sql`SELECT set_config('enable_seqscan', 'off', true)`.execute(trx.db);
  const { rows } = await sql<{ flow_id: string; user_id: UserId; amount: Rupees; day: string }>`
    SELECT f.flow_id, f.user_id, f.amount, to_char(f.day, 'YYYY-MM-DD') AS day
    FROM corporate_action_effects e
    JOIN cash_flows f ON f.user_id = e.user_id AND f.kind = 'dividend' AND f.reference = e.action_id || '/' || e.position_id
    WHERE e.action_id = ${action_id} AND e.cash <> 0 AND NOT EXISTS (
      SELECT FROM cash_flows c WHERE c.user_id = f.user_id AND c.kind = 'correction' AND c.reference = f.flow_id)
    ORDER BY f.flow_id`.execute(trx.db);
  await sql`SELECT set_config('enable_seqscan', 'on', true)`.execute(trx.db);
  const flows = rows.map(({ flow_id, user_id, amount, day }) => ({
    ...{ user_id, day, reason, reference: flow_id, corrects: flow_id },
    kind: 'correction' as const,
    amount: negated(amount),
  }));
  if (flows.length > 0) await bookFlows(trx, flows, now);
  return flows.map(({ amount }) => amount);
}

/** Takes the alias that a renaming made away. Throws ACTION_BUILT_ON where books were merged by it. */
async function takeName(trx: Trx, lead: StoredAction): Promise<void> {
  const made = trx.db
    .selectFrom('symbol_aliases')
    .where('old_symbol', '=', lead.symbol)
    .where('new_symbol', '=', lead.new_symbol)
    .where('created_at', '=', lead.applied_at)
    .select('old_symbol');
  if (!(await made.executeTakeFirst())) return;
  const { rows } = await sql<{ merge_id: string }>`
    SELECT merge_id FROM symbol_merges WHERE old_symbol = ${lead.symbol} ORDER BY merge_id DESC LIMIT 1`.execute(
    trx.db,
  );
  const [merge] = rows;
  if (merge)
    throw refused(
      'ACTION_BUILT_ON',
      `Since the ${nameOf(lead)}, what was booked under ${lead.symbol} was merged into the new name.`,
      `Nothing changed. Take the merge back first: pinnacle position unmerge-symbol ${shellWord(merge.merge_id)}`,
    );
  await trx.db
    .deleteFrom('symbol_aliases')
    .where('old_symbol', '=', lead.symbol)
    .where('new_symbol', '=', lead.new_symbol)
    .execute();
}

function rowOf(action: StoredAction, restored: readonly Restored[], cash: Rupees): Applied {
  const { action_id, type, symbol, ex_date, status } = action;
  return {
    ...{ action_id, type, symbol, ex_date, status },
    positions: restored.length,
    users: new Set(restored.map(({ user_id }) => user_id)).size,
    orders_cancelled: 0,
    cash,
    left: 0,
  };
}
