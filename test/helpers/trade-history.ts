import { readFileSync } from 'node:fs';
import type { TestDatabase } from './databases.ts';
import { given } from './given.ts';
import { shared } from './shared.ts';

/** Three years of trades of one trader, which realize 2319012.64. */
export const TRADE_HISTORY = shared('data/nse_trades_2021_2023.csv');

/** The lines of the history, header first. */
export const tradeLines = (): string[] => readFileSync(TRADE_HISTORY.path, 'utf8').trim().split(/\r?\n/);

/** Imports lines of the history as trades of trader_001, who begins with a million rupees, with their strategies. */
export async function importTrades(db: TestDatabase, lines: readonly string[]): Promise<void> {
  await given.user(db);
  for (const id of new Set(lines.slice(1).map((line) => line.split(',')[6]?.trim() ?? '')))
    await given.strategy(db, id);
  const { code, stderr } = await db.cliWith(
    { stdin: [...lines, ''].join('\n') },
    ...['order', 'import', '-', '--as', 'trades', '--user', 'trader_001'],
  );
  if (code !== 0) throw new Error(stderr);
}
