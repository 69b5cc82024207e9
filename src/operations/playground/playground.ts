import { rm } from 'node:fs/promises';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { Rupees } from '../../domain/money.ts';
import { makeScratchFolder } from '../../platform/files/private-folder.ts';
import { tradingDate } from '../../trading/trading-day.ts';
import { migrateUp } from '../schema/migrate-up.ts';
import { configOf, fillFolder, removeFolder, withNewFolder } from './folder.ts';
import { closingPrices, weekdaysBefore } from './market.ts';
import { openPractice, type Practice } from './practice.ts';
import { beginToday } from './present-day.ts';
import { addTraders, importHistory, type Stage, tradeDays } from './trade-days.ts';

const DAYS = 30;

/** What a trader has in the playground, in rupees. */
export type TraderRow = {
  user_id: UserId;
  name: string;
  trades: number;
  open_positions: number;
  working_orders: number;
  realized_pnl: Rupees;
  total_capital: Rupees;
  violated: number;
};

type Tell = Stage['tell'];

/** What is done with the playground of a folder: `show` makes one elsewhere and removes it. */
export type Deed = 'keep' | 'show' | 'remove';

/**
 * Leaves a playground in a new folder, shows one, or removes it; returns its traders. Throws PLAYGROUND_EXISTS or FOLDER_TAKEN
 * (exit 5), or DATABASE_BUSY (exit 10).
 */
export async function runDemo(ctx: Context, deed: Deed, folder: string, tell: Tell): Promise<TraderRow[]> {
  if (deed === 'keep') return withNewFolder(ctx, folder, (draft) => play(ctx, draft, tell));
  if (deed === 'show') return show(ctx, tell);
  if (!(await removeFolder(ctx, folder))) await ctx.io.say(`There is no playground in ${folder}.`);
  return [];
}

async function show(ctx: Context, tell: Tell): Promise<TraderRow[]> {
  const folder = await makeScratchFolder('pinnacle-playground-');
  try {
    return await fillFolder(folder, () => play(ctx, folder, tell));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Makes the database of a folder and thirty trading days in it, through the use cases of the commands that are told. */
async function play(ctx: Context, folder: string, tell: Tell): Promise<TraderRow[]> {
  const practice = await openPractice(ctx, configOf(folder), tell);
  try {
    const told = (command: string) => tell(`$ pinnacle ${command}`);
    await told('migrate up');
    await migrateUp(practice.as('migrate up'), { to: undefined, strict: false, lockWait: 0 });
    const source = await practice.as('migrate up').source();
    const days = weekdaysBefore(await tradingDate(source), DAYS);
    const stage: Stage = { practice, folder, days, closes: closingPrices(DAYS), tell: told };
    await addTraders(stage);
    await importHistory(stage);
    await tradeDays(stage);
    await beginToday(stage);
    return await readTraders(practice);
  } finally {
    await practice.connection.close();
  }
}

async function readTraders({ connection }: Practice): Promise<TraderRow[]> {
  const { rows } = await sql<TraderRow>`
    SELECT u.user_id, u.name, u.total_capital,
      (SELECT count(*)::int FROM order_fills f JOIN orders o USING (order_id) WHERE o.user_id = u.user_id) AS trades,
      (SELECT coalesce(sum(f.realized_pnl), 0)::text FROM order_fills f JOIN orders o USING (order_id)
        WHERE o.user_id = u.user_id) AS realized_pnl,
      (SELECT count(*)::int FROM positions p WHERE p.user_id = u.user_id AND p.status = 'OPEN') AS open_positions,
      (SELECT count(*)::int FROM orders o WHERE o.user_id = u.user_id
        AND o.status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED')) AS working_orders,
      (SELECT count(*)::int FROM risk_rules r WHERE r.user_id = u.user_id AND r.is_violated) AS violated
    FROM users u ORDER BY u.user_id`.execute(connection.kysely);
  return rows;
}
