import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { allocate } from '../../domain/charges/allocate.ts';
import type { Charge, Note } from '../../domain/charges/levies.ts';
import { LEVIES, type Levy } from '../../domain/charges/schedule.ts';
import type { UserId } from '../../domain/id.ts';
import { Decimal, negated, type Rupees, sumOfMoney, toPaisa } from '../../domain/money.ts';
import { readBooked } from './booked.ts';
import { readNotes } from './read-notes.ts';
import type { Traded } from './read-trades.ts';

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
  reason: null;
}

/** A trader of whom nothing is computed, and why. */
type UnratedRow = typeof NOT_KNOWN & { user_id: UserId; reason: string };

/** What a day costs, by trader and exchange, or also by symbol; a finding where an order of a trader has no rate. Throws NO_RATE. */
export async function showCharges(
  ctx: Context,
  { by, schedule, ...traded }: Traded & { by: 'exchange' | 'symbol'; schedule: string | undefined },
): Promise<(ChargesRow | UnratedRow)[] | Finding<ChargesRow | UnratedRow>> {
  const source = await ctx.source();
  const { notes, unrated } = await readNotes(ctx, source, traded, schedule);
  const rows =
    by === 'symbol'
      ? [...notes].flatMap(([user_id, those]) => those.flatMap((note) => bySymbol(user_id, note)))
      : withBooked([...notes], await readBooked(source, traded), unrated);
  const unknown = [...unrated].map(([user_id, reason]): UnratedRow => ({ ...NOT_KNOWN, user_id, reason }));
  return unknown.length === 0 ? rows : new Finding([...rows, ...unknown]);
}

/** Rows of what is due, and of what is booked where nothing is: of a day whose executions were taken back, it is too much. */
function withBooked(
  notes: readonly [UserId, readonly Note[]][],
  booked: Awaited<ReturnType<typeof readBooked>>,
  unrated: ReadonlyMap<UserId, string>,
): ChargesRow[] {
  const due = notes.flatMap(([user_id, those]) => those.map((note) => wholeRow(user_id, note)));
  const known = new Set(due.map(({ user_id, exchange }) => `${user_id}\n${exchange}`));
  const undue = booked.keys
    .filter(([user_id, exchange]) => !known.has(`${user_id}\n${exchange}`) && !unrated.has(user_id))
    .filter(([user_id, exchange]) => booked.get(user_id, exchange).length > 0)
    .map(([user_id, exchange]) => wholeRow(user_id, { ...NOTHING_DUE, exchange }));
  return [...due, ...undue].map((row) => ({
    ...row,
    booked: negated(booked.sum(row.user_id, row.exchange)),
  }));
}

const NOT_KNOWN = {
  ...{ exchange: null, symbol: null, orders: null, turnover: null, charges_total: null, booked: null },
  ...(Object.fromEntries(LEVIES.map((levy) => [levy, null])) as Record<Levy, null>),
};

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
  return { user_id, exchange, symbol: null, ...sums, ...levies, reason: null };
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
      reason: null,
    };
  });
}
