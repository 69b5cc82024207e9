import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import { formatRupees, type Rupees } from '../../domain/money.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { Session } from './rollout-session.ts';
import { type Step, tablesOf } from './scripts.ts';

/**
 * Throws FLOWS_BOOKED (exit 5) where these steps drop movements of money but not the users whose capital has them: what is
 * no longer on record would be booked again, and count twice. Flows that were countered move nothing.
 */
export async function refuseFlows({ db }: Session, steps: readonly Step[]): Promise<void> {
  const dropped = new Set(steps.flatMap(tablesOf));
  if (!dropped.has('cash_flows') || dropped.has('users')) return;
  const { rows: found } = await sql`SELECT FROM pg_class WHERE oid = to_regclass('cash_flows')`.execute(db);
  if (found.length === 0) return;
  const { rows } = await sql<{ users: number; amount: Rupees; first: UserId }>`
    SELECT count(*)::int AS users, sum(amount) AS amount, min(user_id) AS first
    FROM (SELECT user_id, sum(amount) AS amount FROM cash_flows GROUP BY user_id HAVING sum(amount) <> 0) AS moved
    HAVING count(*) > 0`.execute(db);
  const [moved] = rows;
  if (!moved) return;
  throw refused(
    'FLOWS_BOOKED',
    `Movements of money, ${formatRupees(moved.amount)} in all, are in the capital of ${pluralize(moved.users, 'user')}, the first being ${moved.first}. This would drop the record of them and leave the capital: booked again later, they would count twice.`,
    `Take a backup, and counter each with user reverse-flow; see: pinnacle user flows ${moved.first} --all. Where the capital is to stay as it is: --keep-capital`,
  );
}
