import { sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { brokerColumns } from '../../platform/secrets/broker-credentials.ts';
import { readLeftOpen } from '../../trading/ledger/left-open.ts';
import { findCredentials } from '../../trading/users/credentials.ts';
import { findUser } from '../../trading/users/store.ts';

/** Something that a user leaves behind: how many, what it is worth in rupees, and the command that ends it. */
export interface Left {
  what: 'positions' | 'working orders' | 'session' | 'credentials' | 'capital';
  count: number;
  amount: Rupees | null;
  next: string;
}

/** What a user leaves behind, what must be closed first. */
export async function readLeft(source: Source, user: UserId): Promise<Left[]> {
  const { db } = source;
  const { total_capital } = await findUser(db, user);
  const open = (await readLeftOpen(db, [user])).get(user);
  const stored = await findCredentials(source, user);
  const credentials = brokerColumns(source).filter((column) => stored[column] !== '').length;
  const all: Left[] = [
    {
      what: 'positions',
      count: open?.open_positions ?? 0,
      amount: open?.unrealized_pnl ?? null,
      next: `pinnacle position close --all --user ${user}`,
    },
    {
      what: 'working orders',
      count: open?.working_orders ?? 0,
      amount: null,
      next: `pinnacle order cancel --user ${user} --send`,
    },
    {
      what: 'session',
      count: await countSessions(source, user),
      amount: null,
      next: `pinnacle session end ${user}`,
    },
    {
      what: 'credentials',
      count: credentials,
      amount: null,
      next: `pinnacle user credentials clear ${user}`,
    },
    {
      what: 'capital',
      count: Number(total_capital) > 0 ? 1 : 0,
      amount: total_capital,
      next: `pinnacle user withdraw ${user} ${total_capital}`,
    },
  ];
  return all.filter(({ count }) => count > 0);
}

async function countSessions({ db, phase }: Source, user: UserId): Promise<number> {
  if (phase < 3) return 0;
  const { rows } = await sql<{ running: number }>`
    SELECT count(*)::int AS running FROM trading_sessions WHERE user_id = ${user} AND status = 'ACTIVE'`.execute(
    db,
  );
  return rows[0]?.running ?? 0;
}
