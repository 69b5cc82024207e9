import { sql } from 'kysely';
import { changedIf, firstListed } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { Note } from '../../domain/charges/levies.ts';
import type { UserId } from '../../domain/id.ts';
import { Decimal, NO_RUPEES, negated, type Rupees, sumOfMoney, toPaisa } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { refuseFuture } from '../flows/move-money.ts';
import { bookFlows, type NewFlow } from '../ledger/book-flows.ts';
import { tradingDate } from '../trading-day.ts';
import { findUser } from '../users/store.ts';
import { readBooked, referenceOf } from './booked.ts';
import { readNotes } from './read-notes.ts';
import { type Traded, tradedOn } from './read-trades.ts';
import { unbookedDays } from './unbooked-days.ts';

type Booked = Awaited<ReturnType<typeof readBooked>>;

/** What is owed for a day at an exchange, and what of it was booked now. Rupees. */
interface BookedRow {
  day: string;
  user_id: UserId | null;
  exchange: string | null;
  charges_total: Rupees | null;
  /** Before. */
  booked: Rupees | null;
  /** By which the capital rises. */
  amount: Rupees;
  references: string[];
  /** Why nothing of it is known, and nothing was booked. */
  reason: string | null;
}

/** What is to be booked: a day, or those of a span on which someone traded and nothing is booked. */
interface Asked {
  day: string | undefined;
  since: string | undefined;
  until: string | undefined;
  user: UserId | undefined;
  /** A file. */
  schedule: string | undefined;
}

/**
 * Books what days cost, by trader and exchange, each day in a transaction: what is booked already is not booked again, and
 * where it was too little the difference is; where it was too much, charges are countered and the rest is booked anew. A
 * finding where an order of a trader has no rate: the others are booked. Throws NO_RATE for a single day of which the schedule
 * knows nothing, CAPITAL_LIMIT, PHASE_NEEDED, and a usage error for a day that is still to come.
 */
export async function bookCharges(
  ctx: Context,
  { day, since, until, user, schedule }: Asked,
): Promise<BookedRow[] | Finding<BookedRow>> {
  const rows: BookedRow[] = [];
  if (since === undefined) rows.push(...(await bookDay(ctx, { day, user, schedule }, false)));
  else {
    const source = await ctx.source();
    needStep(source, FLOWS_SINCE_STEP);
    if (user !== undefined) await findUser(source.db, user);
    const today = await tradingDate(source);
    refuseFuture(since, today, '--since');
    const span = { since, until: until ?? today, user };
    refuseFuture(span.until, today, '--until');
    for (const { day } of await unbookedDays(source, span)) {
      ctx.signal.throwIfAborted();
      rows.push(...(await bookDay(ctx, { day, user, schedule }, true).catch(unratedDay(day))));
    }
  }
  return rows.some(({ reason }) => reason !== null) ? new Finding(rows) : rows;
}

/** Of several days, one of which the schedule knows nothing does not keep the others from being booked. */
const unratedDay = (day: string) => (error: unknown) => {
  if (error instanceof Failure && error.code === 'NO_RATE')
    return [{ ...UNRATED, day, user_id: null, reason: error.message }];
  throw error;
};

const UNRATED = { exchange: null, charges_total: null, booked: null, amount: NO_RUPEES, references: [] };

function bookDay(
  ctx: Context,
  { user, schedule: file, ...asked }: Pick<Asked, 'day' | 'user' | 'schedule'>,
  isOneOfMany: boolean,
): Promise<BookedRow[]> {
  return ctx.change(async (trx) => {
    needStep(trx, FLOWS_SINCE_STEP);
    const today = await tradingDate(trx);
    const { day = today } = asked;
    const traded = { day, user };
    refuseFuture(day, today);
    if (user !== undefined) await findUser(trx.db, user);
    // A fill locks its trader, so that none comes in between; whose first one comes now is left to the next run.
    const locked = await lockTraders(trx, traded);
    const { notes, unrated, schedule } = await readNotes(ctx, trx, traded, file);
    const booked = await readBooked(trx, traded);
    const flows: NewFlow[] = [];
    const owed = owedBy(notes, booked).filter(({ user_id }) => locked.has(user_id) && !unrated.has(user_id));
    const rows = owed.map(({ user_id, exchange, total }): BookedRow => {
      const needed = settle(booked, { user_id, exchange, day, total: toPaisa(total), schedule });
      flows.push(...needed);
      return {
        ...{ day, user_id, exchange, charges_total: toPaisa(total) },
        booked: negated(booked.sum(user_id, exchange)),
        amount: sumOfMoney(needed.map(({ amount }) => amount)),
        references: needed.map(({ reference = '' }) => reference),
        reason: null,
      };
    });
    if (flows.length > 0) await bookFlows(trx, flows, ctx.now());
    for (const [user_id, reason] of unrated) rows.push({ ...UNRATED, day, user_id, reason });
    const body = { day, schedule, flows: flows.length, booked: firstListed(rows) };
    const outcome = changedIf(flows.length > 0, rows, `charges ${day}`, body);
    return isOneOfMany ? { ...outcome, unfinished: true as const } : outcome;
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
