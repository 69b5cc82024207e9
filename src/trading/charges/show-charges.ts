import type { Context } from '../../context.ts';
import { allocate } from '../../domain/charges/allocate.ts';
import { type Charge, type Note, notesOf } from '../../domain/charges/levies.ts';
import { LEVIES, type Levy, ratesOn } from '../../domain/charges/schedule.ts';
import type { UserId } from '../../domain/id.ts';
import { Decimal, negated, type Rupees, sumOfMoney, toPaisa } from '../../domain/money.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { readBooked } from './booked.ts';
import { loadSchedule } from './load-schedule.ts';
import { readTrades, type Traded } from './read-trades.ts';

type Levies = Record<Levy, Rupees>;

/** What is charged to a trader for a day at an exchange, or of it for a symbol. Rupees. */
interface ChargesRow extends Levies {
  user_id: UserId;
  exchange: string;
  symbol: string | null;
  orders: number;
  turnover: Rupees;
  charges_total: Rupees;
  /** What is booked of it; null by symbol, of which nothing is booked. */
  booked: Rupees | null;
}

/** The notes of a day by trader, in the order of their ids, and the name of the schedule. Throws NO_RATE. */
export async function notesByUser(ctx: Context, source: Source, traded: Traded, file: string | undefined) {
  const schedule = await loadSchedule(ctx, file);
  const { broker } = await ctx.config();
  const trades = await readTrades(source, traded, broker);
  const notes = new Map<UserId, Note[]>();
  if (trades.size === 0) return { notes, schedule };
  const rates = ratesOn(schedule, traded.day);
  for (const [user, those] of trades)
    notes.set(
      user,
      ofUser(user, () => notesOf(those, rates)),
    );
  return { notes, schedule };
}

/** What is computed for a trader; a failure names him. */
function ofUser<T>(user: UserId, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { kind, code, message, details } = error;
    throw new Failure(kind, code, `Charges of ${user}: ${message}`, details);
  }
}

/** What a day costs, by trader and exchange, or also by symbol. Throws NO_RATE. */
export async function showCharges(
  ctx: Context,
  { by, schedule, ...traded }: Traded & { by: 'exchange' | 'symbol'; schedule: string | undefined },
): Promise<ChargesRow[]> {
  const source = await ctx.source();
  const { notes } = await notesByUser(ctx, source, traded, schedule);
  const booked = by === 'exchange' ? await readBooked(source, traded) : undefined;
  if (!booked)
    return [...notes].flatMap(([user_id, those]) => those.flatMap((note) => bySymbol(user_id, note)));
  const due = [...notes].flatMap(([user_id, those]) => those.map((note) => wholeRow(user_id, note)));
  const known = new Set(due.map(({ user_id, exchange }) => `${user_id}\n${exchange}`));
  // Of a day whose executions were taken back, what is booked is too much.
  const undue = booked.keys
    .filter(([user_id, exchange]) => !known.has(`${user_id}\n${exchange}`))
    .filter(([user_id, exchange]) => booked.get(user_id, exchange).length > 0)
    .map(([user_id, exchange]) => wholeRow(user_id, { ...NOTHING_DUE, exchange }));
  return [...due, ...undue].map((row) => ({
    ...row,
    booked: negated(booked.sum(row.user_id, row.exchange)),
  }));
}

const NOTHING_DUE = {
  orders: 0,
  turnover: new Decimal(0),
  total: new Decimal(0),
  charges: LEVIES.map((levy) => ({ levy, amount: new Decimal(0) })),
};

function wholeRow(
  user_id: UserId,
  {
    exchange,
    orders,
    turnover,
    charges,
    total,
  }: Omit<Note, 'charges' | 'bySymbol'> & { charges: readonly Pick<Charge, 'levy' | 'amount'>[] },
): Omit<ChargesRow, 'booked'> {
  const levies = Object.fromEntries(charges.map(({ levy, amount }) => [levy, toPaisa(amount)])) as Levies;
  const sums = { orders, turnover: toPaisa(turnover), charges_total: toPaisa(total) };
  return { user_id, exchange, symbol: null, ...sums, ...levies };
}

/** Each levy split by what symbols add to it, to the paisa. */
function bySymbol(user_id: UserId, note: Note): ChargesRow[] {
  const symbols = [...note.bySymbol.keys()].sort();
  const split = note.charges.map(({ levy, amount, bySymbol: parts }) => {
    const weights = symbols.map((symbol) => parts.get(symbol) ?? new Decimal(0));
    return [levy, allocate(toPaisa(amount), weights)] as const;
  });
  return symbols.map((symbol, at) => {
    const levies = Object.fromEntries(split.map(([levy, parts]) => [levy, parts[at]])) as Levies;
    const { orders = 0, turnover = new Decimal(0) } = note.bySymbol.get(symbol) ?? {};
    return {
      ...{ user_id, exchange: note.exchange, symbol, orders, turnover: toPaisa(turnover) },
      charges_total: sumOfMoney(Object.values(levies)),
      ...levies,
      booked: null,
    };
  });
}
