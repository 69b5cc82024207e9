import { sql } from 'kysely';
import { changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { Note } from '../../domain/charges/levies.ts';
import type { UserId } from '../../domain/id.ts';
import { Decimal, negated, type Rupees, sumOfMoney, toPaisa } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refuseFuture, tradingDate } from '../flows/move-money.ts';
import { bookFlows, type NewFlow } from '../ledger/book-flows.ts';
import { findUser } from '../users/store.ts';
import { readBooked, referenceOf } from './booked.ts';
import { type Traded, tradedOn } from './read-trades.ts';
import { notesByUser } from './show-charges.ts';

type Booked = Awaited<ReturnType<typeof readBooked>>;

/** What is owed for a day at an exchange, and what of it was booked now. Rupees. */
interface BookedRow {
  user_id: UserId;
  exchange: string;
  charges_total: Rupees;
  /** Before. */
  booked: Rupees;
  /** By which the capital rises. */
  amount: Rupees;
  references: string[];
}

/**
 * Books what a day costs, by trader and exchange, in one transaction: what is booked already is not booked again, and where
 * it was too little the difference is; where it was too much, charges are countered and the rest is booked anew. Throws
 * NO_RATE, CAPITAL_LIMIT, PHASE_NEEDED, and a usage error for a day that is still to come.
 */
export function bookCharges(
  ctx: Context,
  {
    schedule: file,
    user,
    ...asked
  }: { day: string | undefined; user: UserId | undefined; schedule: string | undefined },
) {
  return ctx.change(async (trx) => {
    needStep(trx, FLOWS_SINCE_STEP);
    const today = await tradingDate(trx.db);
    const { day = today } = asked;
    const traded = { day, user };
    refuseFuture(day, today);
    if (user !== undefined) await findUser(trx.db, user);
    // A fill locks its trader, so that none comes in between; whose first one comes now is left to the next run.
    const locked = await lockTraders(trx, traded);
    const { notes, schedule } = await notesByUser(ctx, trx, traded, file);
    const booked = await readBooked(trx, traded);
    const flows: NewFlow[] = [];
    const owed = owedBy(notes, booked).filter(({ user_id }) => locked.has(user_id));
    const rows = owed.map(({ user_id, exchange, total }): BookedRow => {
      const needed = settle(booked, {
        user_id,
        exchange,
        day,
        total: toPaisa(total),
        schedule: schedule.name,
      });
      flows.push(...needed);
      return {
        ...{ user_id, exchange, charges_total: toPaisa(total) },
        booked: negated(booked.sum(user_id, exchange)),
        amount: sumOfMoney(needed.map(({ amount }) => amount)),
        references: needed.map(({ reference = '' }) => reference),
      };
    });
    if (flows.length > 0) await bookFlows(trx, flows, ctx.now());
    const body = { day, schedule: schedule.name, flows: flows.length, booked: firstListed(rows) };
    return changedIf(flows.length > 0, rows, `charges ${day}`, body);
  });
}

/** What is due by trader and exchange, also where nothing is any more. */
function owedBy(notes: ReadonlyMap<UserId, readonly Note[]>, booked: Booked): Owed[] {
  const due = new Map<string, Owed>();
  for (const [user_id, exchange] of booked.keys)
    due.set(`${user_id}\n${exchange}`, { user_id, exchange, total: new Decimal(0) });
  for (const [user_id, those] of notes)
    for (const { exchange, total } of those) due.set(`${user_id}\n${exchange}`, { user_id, exchange, total });
  return [...due.keys()].sort().map((key) => due.get(key) as Owed);
}

/** Locks the traders of a day, in the order of their ids, as everywhere. */
async function lockTraders(trx: Trx, traded: Traded): Promise<ReadonlySet<UserId>> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM users WHERE user_id IN (
      SELECT o.user_id FROM ${tradedOn(trx, traded)}
      UNION SELECT user_id FROM cash_flows WHERE kind = 'charge' AND day = ${traded.day}::date
        ${traded.user === undefined ? sql`` : sql`AND user_id = ${traded.user}`}
    ) ORDER BY user_id FOR NO KEY UPDATE`.execute(trx.db);
  return new Set(rows.map(({ user_id }) => user_id));
}

/** What a trader owes for a day at an exchange. */
type Owed = { user_id: UserId; exchange: string; total: Decimal };

interface Due {
  user_id: UserId;
  exchange: string;
  day: string;
  /** Rupees. */
  total: Rupees;
  schedule: string;
}

/** The flows after which what is booked is what is due: a charge is never above zero, so too much is countered first. */
function settle(booked: Booked, { user_id, exchange, day, total, schedule }: Due): NewFlow[] {
  const open = [...booked.get(user_id, exchange)];
  let left = new Decimal(total).plus(sumOfMoney(open.map(({ amount }) => amount)));
  const flows: NewFlow[] = [];
  while (left.lt(0)) {
    const last = open.pop();
    if (!last) break;
    left = left.minus(last.amount);
    const reason = `charges of ${day} at ${exchange} are less than was booked`;
    const { flow_id } = last;
    flows.push({
      user_id,
      kind: 'correction',
      amount: negated(last.amount),
      day,
      reference: flow_id,
      corrects: flow_id,
      reason,
    });
  }
  if (left.gt(0)) {
    const nth = booked.all(user_id, exchange).length + 1;
    const reason = `${nth === 1 ? '' : 'difference of '}charges by ${schedule}`;
    const reference = referenceOf(day, exchange, nth);
    flows.push({ user_id, kind: 'charge', amount: negated(toPaisa(left)), day, reference, reason });
  }
  return flows;
}
