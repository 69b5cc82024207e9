import { describe, expect, it } from 'vitest';
import { cli } from '../helpers/cli.ts';
import { servers } from '../helpers/databases.ts';
import { checkAgainstModel } from './check.ts';
import { type Mutation, mutant } from './mutant.ts';

const runs = Number(process.env['PINNACLE_MODEL_RUNS'] ?? 4);
const seed = process.env['PINNACLE_MODEL_SEED'];
const HOURS = 3 * 3_600_000;

/** Mistakes that a suite worth its name must find, each with a seed that meets it early. */
const MUTATIONS: [what: string, seed: number, mutation: Mutation][] = [
  [
    'the average price moves on a reduce',
    3,
    {
      file: 'src/domain/position.ts',
      right: 'const { average, realized: before } = exactOf(position);',
      wrong: `const { average: stored, realized: before } = exactOf(position);
        const average = (stored + fixed(price)) / 2n;
        position = { ...position, average_price: nearestDouble(average) };`,
    },
  ],
  [
    'the lock of the trader is left out',
    10,
    {
      file: 'src/trading/ledger/lock-book.ts',
      right: 'ORDER BY user_id FOR NO KEY UPDATE',
      wrong: 'ORDER BY user_id',
    },
  ],
  [
    "a session's orders are not counted",
    9,
    {
      file: 'src/trading/ledger/insert-orders.ts',
      right: 'SET total_orders = s.total_orders + c.orders, updated_at = now()\n    FROM (',
      wrong: 'SET updated_at = now()\n    FROM (',
    },
  ],
];

describe.each(servers)('random commands against a model on $name', (kind) => {
  it(
    `agree ${runs} times`,
    () => checkAgainstModel(cli, kind, { runs, ...(seed === undefined ? {} : { seed: Number(seed) }) }),
    HOURS,
  );

  it.each(MUTATIONS)(
    'do not when %s',
    async (_what, seed, mutation) => {
      const broken = await mutant(mutation);
      await expect(checkAgainstModel(broken, kind, { runs: 150, seed, shrink: false })).rejects.toThrow(
        /seed/,
      );
    },
    HOURS,
  );
});
