import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { choice, inputFile, optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { rejectsPath } from '../../platform/files/rejects-file.ts';
import { ORDER_FILE } from '../../trading/orders/order-file.ts';
import { TRADE_COLUMNS } from '../../trading/orders/trade-file.ts';
import { usage } from '../../util/failure.ts';
import { importFlags, timeFlags } from '../_shared/import-rows.ts';

export const importOrders = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: {
    as: choice(['trades', 'orders'], 'KIND', 'the kind of rows'),
    user: optional(parsed(userId, 'USER', 'the user of the trades; rows of orders name their user')),
    ...importFlags,
    ...timeFlags,
    fast: toggle('orders into an empty table: lock it, and create its indexes afterwards'),
  },
  fields: {
    user_id: { type: 'text' },
    imported: { type: 'integer' },
    history: { type: 'integer' },
    known: { type: 'integer' },
    rejected: { type: 'integer' },
    rejects_file: { type: 'text' },
    realized_pnl: { type: 'money' },
  },
  examples: [
    'order import trades.csv --as trades --user trader_001',
    'order import trades.csv --as trades --user trader_001 --keep-going --rejects bad-lines.csv',
    'order import orders.csv.gz --as orders',
  ],
  details: `Trades: ${TRADE_COLUMNS.required.join(',')}[,strategy_id]. Each row becomes a FILLED MARKET order and its fill, booked by
time and identified by its trade_id: importing a file again adds only new trades.
Orders: ${ORDER_FILE.required.join(',')}[,${ORDER_FILE.optional.join(',')}]. The history of another system, or an export of this one: rows
of the table only; positions and capital do not change.
An order that is still working, and a trade of the current trading day, must pass the pre-trade checks; finished orders and
earlier trades are history, pass none, and are counted in the column history.
The import is atomic unless --keep-going is given. Ends 6 if lines were rejected.`,
  async run(input, ctx: Context) {
    const { as, user, fast } = input;
    if (as === 'trades' && user === undefined)
      throw usage('--as trades needs --user: whose trades they are.');
    if (as === 'orders' && user !== undefined)
      throw usage('--as orders takes no --user: each row names its own.');
    if (as === 'trades' && fast) throw usage('--fast is for orders: trades are booked one after the other.');
    const path = input.file === '-' ? '-' : resolve(ctx.cwd, input.file);
    const { importFile } = await import('../../trading/orders/import-file.ts');
    return importFile(ctx, {
      path,
      user,
      fast,
      timeZone: input.timeZone,
      dates: input.dates,
      rejectsFile: input.keepGoing ? rejectsPath(path, input.rejects, ctx.cwd) : undefined,
    });
  },
});
