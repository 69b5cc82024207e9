import { sql } from 'kysely';
import type { Trx } from '../audit/change.ts';
import { type CliError, refused } from '../cli/errors.ts';

/** A latched halt: of one trader, or of everyone where user_id is null. Times are UTC. */
export interface Halt {
  halt_id: string;
  user_id: string | null;
  reason: string;
  halted_by: string;
  halted_at: string;
}

/** The latch that keeps a trader from trading, as a query of at most one row: everyone's before his own. */
export function haltOver(userId: string) {
  return sql<Halt>`
    SELECT halt_id, user_id, reason, halted_by, halted_at FROM trading_halts
    WHERE resumed_at IS NULL AND coalesce(user_id, '') IN ('', ${userId})
    ORDER BY user_id NULLS FIRST LIMIT 1`;
}

/** Throws TRADING_HALTED (exit 5) while a halt is latched for the trader or for everyone. Before phase 4 there is none. */
export async function checkNotHalted(trx: Trx, userId: string, phase: number): Promise<void> {
  if (phase < 4) return;
  const { rows } = await haltOver(userId).execute(trx);
  if (rows[0]) throw tradingHalted(rows[0]);
}

/** The refusal that a latched halt is, naming since when, why, and the command that ends it. */
export function tradingHalted({ user_id, reason, halted_by, halted_at }: Halt): CliError {
  const whose = user_id === null ? 'for everyone' : `for ${user_id}`;
  return refused(
    'TRADING_HALTED',
    `Trading is halted ${whose} since ${halted_at} by ${halted_by}: ${reason}`,
    `Only cancels and orders that reduce a position pass. To go on: pinnacle risk resume ${user_id ?? '--all'} --reason R`,
  );
}
