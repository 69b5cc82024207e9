import type { TestDatabase } from './databases.ts';

/** The words of a command line as a shell would split it: blanks, and quotes around what holds blanks. */
export function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
}

/** Adds a trader with a million rupees. */
export async function addTrader(db: TestDatabase, id = 'trader_001'): Promise<string> {
  await db.json(
    ...words(`user add --user-id ${id} --name "Asha Rao" --email ${id}@example.com --capital 1000000`),
  );
  return id;
}

/** Adds a strategy. */
export async function addStrategy(db: TestDatabase, id: string): Promise<string> {
  await db.json(
    ...words(
      `strategy add --strategy-id ${id} --name S --description S --category c --risk-level low --min-capital 1
       --expected-return 1 --max-drawdown 1 --symbols TCS --parameters {}`,
    ),
  );
  return id;
}
