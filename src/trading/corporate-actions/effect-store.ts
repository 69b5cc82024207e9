import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { afterWhatIsBooked } from '../ledger/booking-order.ts';
import type { NewEffect } from './plan-step.ts';

const TYPES = {
  action_id: 'text',
  user_id: 'text',
  position_id: 'text',
  effective_at: 'timestamp',
  shares_before: 'int',
  shares: 'int',
  cost: 'numeric',
  price: 'float8',
  numerator: 'numeric',
  denominator: 'numeric',
  fraction: 'numeric',
  entitled: 'int',
  cash: 'numeric',
  tds: 'numeric',
  opened: 'boolean',
  average_before: 'float8',
  price_before: 'float8',
  unrealized_before: 'float8',
  marked_before: 'timestamp',
} as const;

const COLUMNS = sql.join(Object.keys(TYPES).map((column) => sql.ref(column)));

/** Writes effects of locked users, in one statement: at their places, or behind what is booked. */
export async function insertEffects(trx: Trx, effects: readonly NewEffect[]): Promise<void> {
  if (effects.length === 0) return;
  await sql`
    INSERT INTO corporate_action_effects (seq, ${COLUMNS})
    SELECT coalesce(e.seq, behind.seq), ${COLUMNS}
    FROM ${unnest(
      'e',
      { seq: 'float8', ...TYPES },
      effects.map((effect) => ({ seq: null, ...effect })),
    )} CROSS JOIN (SELECT ${afterWhatIsBooked(trx)} AS seq) AS behind`.execute(trx.db);
}

/** A fraction that was cut before it was known what is paid for it. */
export type UnpaidFraction = Pick<NewEffect, 'user_id' | 'position_id' | 'shares_before'> & {
  symbol: string;
  numerator: number;
  denominator: number;
};

/** The fractions of an action that are not paid yet, by position. */
export async function findUnpaid(source: Source, actionId: string): Promise<UnpaidFraction[]> {
  const { rows } = await sql<UnpaidFraction>`
    SELECT e.user_id, e.position_id, e.shares_before, p.symbol, e.fraction::float8 AS numerator, e.denominator::float8 AS denominator
    FROM corporate_action_effects e JOIN positions p ON p.position_id = e.position_id
    WHERE e.action_id = ${actionId} AND e.fraction > 0 AND e.entitled IS NULL AND e.cash IS NULL AND e.reversed_at IS NULL
    ORDER BY e.position_id`.execute(source.db);
  return rows;
}

/** Writes what was paid for fractions. */
export async function payFractions(
  trx: Trx,
  actionId: string,
  paid: readonly { position_id: string; cash: Rupees }[],
): Promise<void> {
  if (paid.length === 0) return;
  await sql`
    UPDATE corporate_action_effects e SET cash = n.cash
    FROM ${unnest('n', { position_id: 'text', cash: 'numeric' }, paid)}
    WHERE e.action_id = ${actionId} AND e.position_id = n.position_id`.execute(trx.db);
}

/** What a dividend paid on shares of a user before, and what was deducted of it. */
export interface Deducted {
  shares: number;
  tds: Rupees;
}

/** The same of all users of an action. */
export async function findDeducted(source: Source, actionId: string): Promise<Map<UserId, Deducted>> {
  const { rows } = await sql<Deducted & { user_id: UserId }>`
    SELECT user_id, sum(shares_before)::float8 AS shares, sum(tds) AS tds FROM corporate_action_effects
    WHERE action_id = ${actionId} AND shares_before > 0 AND reversed_at IS NULL GROUP BY user_id`.execute(
    source.db,
  );
  return new Map(rows.map(({ user_id, ...each }) => [user_id, each]));
}
