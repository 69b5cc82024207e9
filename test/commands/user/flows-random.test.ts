import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const runs = Number(process.env['PINNACLE_MODEL_RUNS'] ?? 2);

const nat = fc.nat({ max: 30 });
const paisa = fc.integer({ min: 1, max: 30_000_000 }).map((n) => n / 100);
const price = fc.integer({ min: 1_600, max: 2_400 }).map((ticks) => ticks / 20);

/** What is done to a book: numbers pick among what there is. */
const action = fc.oneof(
  fc.record({ do: fc.constantFrom('deposit', 'withdraw', 'force'), amount: paisa }),
  fc.record({ do: fc.constant('trade'), side: fc.constantFrom('BUY', 'SELL'), quantity: nat, price }),
  fc.record({ do: fc.constant('trade'), side: fc.constantFrom('BUY', 'SELL'), quantity: nat, price }),
  fc.record({ do: fc.constantFrom('reverse', 'bust'), nth: nat }),
  fc.record({ do: fc.constant('correct'), nth: nat, price }),
  fc.record({ do: fc.constantFrom('start', 'end') }),
);
type Action = { do: string; amount?: number; side?: string; quantity?: number; price?: number; nth?: number };

/** Plays a book and keeps its own account of the money: what the commands say that they moved, in paisa. */
function account(db: TestDatabase) {
  let orders = 0;
  let moved = 0;
  const flows: string[] = [];
  const fills: string[] = [];

  async function run(line: string, ...codes: number[]): Promise<Record<string, unknown> | undefined> {
    const { code, stdout, stderr } = await db.cli(...words(line), '--json');
    const known = code === 0 || codes.includes(code);
    expect({ line, known, stderr: known ? '' : stderr }).toEqual({ line, known: true, stderr: '' });
    return code === 0 ? JSON.parse(stdout) : undefined;
  }
  async function move(line: string, ...codes: number[]) {
    const flow = await run(line, ...codes);
    if (flow) moved += Math.round(Number(flow['amount']) * 100);
    return flow;
  }
  const take = (from: string[], nth = 0) => from.splice(nth % Math.max(1, from.length), 1)[0];
  const pay = async (line: string, ...codes: number[]) => {
    const flow = await move(line, ...codes);
    if (flow) flows.push(String(flow['flow_id']));
  };
  const moves: Record<string, (action: Action) => Promise<unknown>> = {
    deposit: ({ amount }) => pay(`user deposit u ${amount}`),
    withdraw: ({ amount }) => pay(`user withdraw u ${amount}`, 5),
    force: ({ amount }) => pay(`user withdraw u ${amount} --force --reason r`),
    async reverse({ nth }) {
      const flow = take(flows, nth);
      if (flow !== undefined) await move(`user reverse-flow ${flow} --reason r --yes`);
    },
    async trade({ side, quantity = 0, price }) {
      const id = `o${orders++}`;
      await run(
        `order place --order-id ${id} --user u --symbol TCS --side ${side} --quantity ${quantity + 1}`,
      );
      const fill = await run(`order fill ${id} --quantity ${quantity + 1} --price ${price} --yes`);
      fills.push(String(fill?.['fill_id']));
    },
    async bust({ nth }) {
      const fill = take(fills, nth);
      if (fill !== undefined) await run(`fill bust ${fill} --reason r --yes`);
    },
    async correct({ nth = 0, price }) {
      const fill = fills[nth % Math.max(1, fills.length)];
      if (fill !== undefined) await run(`fill correct ${fill} --price ${price} --reason r --yes`);
    },
    start: () => run('session start --user u', 5),
    end: () => run('session end --user u', 3),
  };
  return { play: (action: Action) => moves[action.do]?.(action), moved: () => moved };
}

describe.each(servers)('whatever is paid, traded and taken back on $name', ({ open }) => {
  it('the capital is the opening capital, what executions realized and what was paid, to the paisa', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 20 }), async (actions) => {
        const db = await open();
        try {
          await given.user(db, 'u');
          const { play, moved } = account(db);
          for (const each of actions) {
            await play(each);
            const { rows } = await db.query(
              `SELECT total_capital * 100 AS capital, (SELECT coalesce(sum(realized_pnl), 0) * 100 FROM order_fills) AS realized
                 FROM users`,
            );
            const [{ capital, realized }] = rows as [{ capital: string; realized: string }];
            expect({ after: each, capital: Number(capital) }).toEqual({
              after: each,
              capital: 100_000_000 + Number(realized) + moved(),
            });
          }
          const { code, stdout } = await db.cli('doctor', 'ledger');
          expect({ code, found: code === 0 ? '' : stdout }).toEqual({ code: 0, found: '' });
          expect(await db.cli('audit', 'verify')).toMatchObject({ code: 0 });
        } finally {
          await db.close();
        }
      }),
      { numRuns: runs },
    );
  }, 3_600_000);
});
