import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { formatRupees, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { refused } from '../../util/failure.ts';
import { setAside } from '../strategies/activation.ts';

/** What a user could take out, and why it is that much; rupees. */
export interface FreeCapital {
  capital: Rupees;
  /** Set aside for ACTIVE and PAUSED strategies. */
  allocated: Rupees;
  /** What open positions lose at their marks; what others gain is no money yet. */
  open_losses: Rupees;
  /** `capital - allocated - open_losses`; may be negative. */
  free: Rupees;
}

/** The free capital of a user; to decide on it, lock the user first. */
export async function readFreeCapital({ db }: Pick<Trx, 'db'>, user: UserId): Promise<FreeCapital> {
  const { rows } = await sql<FreeCapital>`
    SELECT capital, allocated::numeric(20, 2), open_losses::numeric(20, 2), (capital - allocated - open_losses)::numeric(20, 2) AS free
    FROM (
      SELECT total_capital AS capital, ${setAside(user)} AS allocated, (
        SELECT coalesce(-sum(least(round(unrealized_pnl::numeric, 2), 0)), 0)
        FROM positions WHERE user_id = ${user} AND status = 'OPEN') AS open_losses
      FROM users WHERE user_id = ${user}
    ) AS parts`.execute(db);
  return rows[0] ?? { capital: NO_RUPEES, allocated: NO_RUPEES, open_losses: NO_RUPEES, free: NO_RUPEES };
}

/** FREE_CAPITAL: more is asked for than is free. */
export const beyondFree = (
  user: UserId,
  amount: Rupees,
  { capital, allocated, open_losses, free }: FreeCapital,
) =>
  refused(
    'FREE_CAPITAL',
    `A withdrawal of ${formatRupees(amount)} is beyond the free capital of ${user}, ${formatRupees(free)}: a capital of ${formatRupees(
      capital,
    )}, less ${formatRupees(allocated)} set aside for strategies and ${formatRupees(open_losses)} of open losses.`,
    `See what is set aside: pinnacle strategy stats --user ${user}. If it is paid out all the same: --force and a --reason.`,
  );
