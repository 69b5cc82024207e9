import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { type Rupees, sumOfMoney } from '../../domain/money.ts';
import { FLOWS_SINCE_STEP, hasStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { ofUser } from '../of-user.ts';
import type { Traded } from './read-trades.ts';

/** A charge of a day and exchange that is booked; negative. */
interface BookedCharge {
  flow_id: string;
  user_id: UserId;
  reference: string;
  amount: Rupees;
  /** Whether a correction counters it. */
  countered: boolean;
}

/** What charges of a day and exchange are booked under; the first, and what was booked later. */
export const referenceOf = (day: string, exchange: string, nth: number) =>
  `charges:${day}:${exchange}${nth === 1 ? '' : `:${nth}`}`;

/** The charges of a day that are booked, by trader and exchange, in the order of their booking. */
export async function readBooked(source: Source, { day, user }: Traded) {
  const rows = hasStep(source, FLOWS_SINCE_STEP) ? await select(source, { day, user }) : [];
  const byKey = new Map<string, BookedCharge[]>();
  for (const row of rows) {
    const key = `${row.user_id}\n${row.reference.split(':')[2]}`;
    byKey.set(key, [...(byKey.get(key) ?? []), row]);
  }
  const all = (user_id: UserId, exchange: string) => byKey.get(`${user_id}\n${exchange}`) ?? [];
  const get = (user_id: UserId, exchange: string) =>
    all(user_id, exchange).filter(({ countered }) => !countered);
  return {
    all,
    /** Those that no correction counters. */
    get,
    /** What they come to; not above 0. */
    sum: (user_id: UserId, exchange: string) =>
      sumOfMoney(get(user_id, exchange).map(({ amount }) => amount)),
    keys: [...byKey.keys()].map((key) => key.split('\n') as [UserId, string]),
  };
}

async function select({ db }: Source, { day, user }: Traded): Promise<BookedCharge[]> {
  const { rows } = await sql<BookedCharge>`
    SELECT f.flow_id, f.user_id, f.reference, f.amount, c.flow_id IS NOT NULL AS countered
    FROM cash_flows f LEFT JOIN cash_flows c
      ON c.user_id = f.user_id AND c.kind = 'correction' AND c.reference = f.flow_id
    WHERE f.kind = 'charge' AND f.day = ${day}::date AND f.reference LIKE ${`charges:${day}:%`}
      ${ofUser('f', user)}
    ORDER BY f.flow_id`.execute(db);
  return rows;
}
