import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { movesPositions } from '../../domain/corporate-actions/action.ts';
import { worthOf } from '../../domain/corporate-actions/ratio.ts';
import type { UserId } from '../../domain/id.ts';
import { negated, type Rupees } from '../../domain/money.ts';
import { signedShares } from '../../domain/net-positions.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import { bookFlows } from '../ledger/book-flows.ts';
import { type PositionRow, writePositions } from '../ledger/chain-store.ts';
import { restoreExact } from '../ledger/exact-costs.ts';
import { openBalances } from '../ledger/open-balances.ts';
import { remeasureSessions } from '../sessions/remeasure-equity.ts';
import type { TradingDay } from '../trading-day.ts';
import { bookLate, planLate } from './book-late.ts';
import {
  findDeducted,
  findUnpaid,
  insertEffects,
  payFractions,
  type UnpaidFraction,
} from './effect-store.ts';
import { findLeft } from './find-left.ts';
import { accountOf, findHolders, findOther, findTraded, type Holder } from './holders.ts';
import { planDividends } from './plan-dividend.ts';
import { flowOf, leftAs, type PlannedPosition, planStep } from './plan-step.ts';
import { nameOf, type Step } from './step.ts';

/** What a step would do now; nothing is locked or written. */
export async function readPlan(source: Source, step: Step): Promise<PlannedPosition[]> {
  const { current, late, others, left } = await readHolders(source, step, false);
  const planned = [...(await planAll(source, step, current, others)), ...left];
  for (const holder of late) planned.push((await planLate(source, step, holder)).planned);
  return planned.filter(({ settled }) => !settled);
}

async function planAll(
  source: Source,
  step: Step,
  holders: readonly Holder[],
  others: ReadonlyMap<string, PositionRow>,
): Promise<PlannedPosition[]> {
  const { type, tds_percent, status, action_id } = step.lead;
  if (type !== 'dividend') return planStep(step, holders, others);
  const isAgain = tds_percent !== null && status === 'APPLIED';
  return planDividends(step, holders, isAgain ? await findDeducted(source, action_id) : new Map());
}

/**
 * The holders that are as they stood when the ex-date began, with their exact values and their positions in the other symbol; and those
 * that were traded since, whose executions have to be booked anew; and those that are left to a person.
 */
async function readHolders(source: Source, step: Step, lock: boolean) {
  const { lead } = step;
  const all = await findHolders(source, step, lock);
  if (!movesPositions(lead) || all.length === 0)
    return { current: all, late: [], left: [], others: new Map<string, PositionRow>() };
  const why = await findLeft(source, step, all);
  const left = all.flatMap((each) => {
    const reason = why.get(each.position_id);
    return reason === undefined ? [] : [leftAs(each, reason)];
  });
  const found = all.filter(({ position_id }) => !why.has(position_id));
  const { new_symbol } = lead;
  const traded = new_symbol === null ? new Set() : await findTraded(source, new_symbol, step, found);
  const late = found.filter((each) => each.late || traded.has(accountOf(each)));
  const current = found.filter((each) => !late.includes(each));
  const others =
    new_symbol === null ? new Map<string, PositionRow>() : await findOther(source, new_symbol, current, lock);
  await restoreExact(source, [...current, ...others.values()]);
  return { current, late, left, others };
}

/** Locks the users who have anything in the symbols of a step. */
export async function lockUsers(trx: Trx, { symbols }: Step): Promise<void> {
  await sql`
    SELECT FROM users WHERE user_id IN (
      SELECT user_id FROM positions WHERE symbol = ANY(${[...symbols]})
      UNION SELECT user_id FROM orders WHERE symbol = ANY(${[...symbols]}))
    ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
}

/**
 * Books a step, whose users are locked, in a number of statements that does not depend on theirs, but for positions that were
 * traded since the ex-date, each of which is rebuilt. `paid` are fractions of before
 * that are paid now, `opened` counts balances of other programs that were taken over.
 */
export async function bookStep(
  trx: Trx,
  step: Step,
  now: Date,
  day: TradingDay,
): Promise<{ planned: PlannedPosition[]; paid: PaidFraction[]; opened: number }> {
  const { lead } = step;
  if (lead.type === 'rename') return { planned: [], paid: [], opened: 0 };
  const { current, late, others, left } = await readHolders(trx, step, true);
  const { holders, opened } = movesPositions(lead)
    ? await takenOver(trx, current)
    : { holders: current, opened: 0 };
  const planned = [...(await planAll(trx, step, holders, others)), ...left];
  const at = await serverNow(trx.db);
  const rows = planned.flatMap(({ before, after, other }) => [
    ...(after === before ? [] : [after]),
    ...(other ? [other.after] : []),
  ]);
  // Closed ones first, because only one position per key may be open.
  rows.sort((a, b) => Number(a.status === 'OPEN') - Number(b.status === 'OPEN'));
  await writePositions(
    trx,
    rows.map((row) => ({ ...row, updated_at: at })),
  );
  const effects = planned.flatMap((each) => each.effects);
  for (const holder of late) {
    const traded = await planLate(trx, step, holder);
    planned.push(traded.planned);
    effects.push(...(await bookLate(trx, traded, day)));
  }
  // Before those of now are written, which are paid at once.
  const paid = await readUnpaid(trx, step);
  await insertEffects(trx, effects);
  await payFractions(trx, lead.action_id, paid);
  const flows = [
    ...planned.flatMap(({ flow }) => flow ?? []),
    ...paid.flatMap(
      (each) => flowOf(step, each, `${nameOf(lead)}: cash for a fraction of ${each.symbol}`) ?? [],
    ),
  ];
  if (flows.length > 0) await bookFlows(trx, flows, now);
  const users: UserId[] = [...new Set(rows.map(({ user_id }) => user_id))];
  if (users.length > 0) await remeasureSessions(trx, users, at);
  return { planned: planned.filter(({ settled }) => !settled), paid, opened };
}

/** What other programs made of the positions is taken over first, as before an execution. */
async function takenOver(trx: Trx, holders: readonly Holder[]) {
  const { positions, opened } = await openBalances(trx, holders);
  const next = (positions as Holder[]).map((row) => ({ ...row, held: signedShares(row) }));
  return { holders: next, opened: opened.length + holders.length - next.length };
}

/** What is paid for a fraction that was cut before. */
export type PaidFraction = Pick<UnpaidFraction, 'user_id' | 'position_id' | 'symbol'> & { cash: Rupees };

/** What a step pays for fractions that were cut before it was known for how much. */
export async function readUnpaid(source: Source, { lead, cash_price }: Step): Promise<PaidFraction[]> {
  if (cash_price === null || !movesPositions(lead) || lead.status !== 'APPLIED') return [];
  const unpaid = await findUnpaid(source, lead.action_id);
  return unpaid.map(({ numerator, denominator, shares_before, ...each }) => {
    const worth = worthOf({ numerator, denominator }, cash_price);
    return { ...each, cash: shares_before < 0 ? negated(worth) : worth };
  });
}
