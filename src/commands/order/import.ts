import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { choice, inputFile, optional, parsed, text, toggle, withContent, words } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { signedRupees } from '../../domain/money.ts';
import { rejectsPath } from '../../platform/files/rejects-file.ts';
import { ORDER_FILE } from '../../trading/orders/order-file.ts';
import { TRADE_COLUMNS } from '../../trading/orders/trade-file.ts';
import { BROKERS, fileOfMap } from '../../trading/orders/trade-layout.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { importFlags, timeFlags } from '../_shared/import-rows.ts';

export const importOrders = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 2,
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: {
    as: choice(['trades', 'orders'], 'KIND', 'the kind of rows'),
    user: optional(parsed(userId, 'USER', 'the user of the trades; rows of orders name their user')),
    from: optional(choice(BROKERS, 'BROKER', 'the trades are in the file of this broker')),
    map: optional(
      withContent(
        words(
          'THEIRS=OURS,…',
          'the columns of trades that have other names in the file, or a file of --save-map',
        ),
        fileOfMap,
      ),
    ),
    saveMap: optional(text('FILE', 'save --from, --map and how times are read to this new file', 4_096)),
    ...importFlags,
    ...timeFlags,
    replay: toggle('trades older than what is booked: rebuild the positions by time of execution'),
    fast: toggle('orders into an empty table: lock it, and create its indexes afterwards'),
  },
  fields: {
    user_id: { type: 'text' },
    imported: { type: 'integer' },
    history: { type: 'integer' },
    known: { type: 'integer' },
    rejected: { type: 'integer' },
    rejects_file: { type: 'text' },
    realized_pnl: { type: 'money', kind: 'gain' },
  },
  answer: ({ user_id, imported, known, realized_pnl }) => ({
    done: `Imported ${pluralize(Number(imported), user_id === null ? 'order' : 'trade')}${user_id === null ? '' : ` of ${user_id}`}${known ? `, ${known} known before` : ''}${realized_pnl === null ? '' : `, realized ${signedRupees(realized_pnl)}`}`,
    next: user_id === null ? ['order', 'list'] : ['position', 'list', '--user', user_id],
  }),
  examples: [
    'order import trades.csv --as trades --user trader_001',
    'order import trades.csv --as trades --user trader_001 --keep-going --rejects bad-lines.csv',
    'order import tradebook.csv --as trades --user trader_001 --from zerodha',
    'order import last-year.csv --as trades --user trader_001 --replay',
    'order import orders.csv.gz --as orders',
  ],
  details: `Trades: ${TRADE_COLUMNS.required.join(',')}[,strategy_id]. Each row becomes a FILLED MARKET order and its fill, booked by
time and identified by its trade_id: importing a file again adds only new trades.
With --from, the file is one that a broker offers for download, saved as CSV; with --map 'trade_type=side,time=executed_at' its
columns have other names. Then a title before the header is skipped, other columns are ignored, a side may also be B, S, 1
or -1, and a symbol loses its exchange and the series of shares (NSE:TCS-EQ is TCS). See docs/imports.md.
--save-map FILE writes this to a new file that only you can read; --map FILE reads it again, and flags override it.
Trades older than what is booked of their symbol and strategy are refused; with --replay they go in, and the positions are
rebuilt from all executions by time.
Orders: ${ORDER_FILE.required.join(',')}[,${ORDER_FILE.optional.join(',')}]. The history of another system, or an export of this one: rows
of the table only; positions and capital do not change.
An order that is still working, and a trade of the current trading day, must pass the pre-trade checks; finished orders and
earlier trades are history, pass none, and are counted in the column history.
The import is atomic unless --keep-going is given. Ends 6 if lines were rejected.`,
  async run(input, ctx: Context) {
    const { user, fast, replay } = input;
    checkFlags(input);
    const path = input.file === '-' ? '-' : resolve(ctx.cwd, input.file);
    const { importFile } = await import('../../trading/orders/import-file.ts');
    return importFile(ctx, {
      path,
      user,
      fast,
      replay,
      map: {
        broker: input.from,
        pairs: input.map,
        timeZone: input.timeZone,
        dates: input.dates,
      },
      saveMap: input.saveMap && resolve(ctx.cwd, input.saveMap),
      rejectsFile: input.keepGoing ? rejectsPath(path, input.rejects, ctx.cwd) : undefined,
    });
  },
});

/** Throws a usage error if flags do not fit the kind of rows or each other. */
function checkFlags({ as, user, fast, replay, from, map, saveMap }: Flags): void {
  if (as === 'trades' && user === undefined) throw usage('--as trades needs --user: whose trades they are.');
  if (as === 'orders' && user !== undefined)
    throw usage('--as orders takes no --user: each row names its own.');
  if (as === 'trades' && fast) throw usage('--fast is for orders: trades are booked one after the other.');
  if (as === 'orders' && replay) throw usage('--replay is for trades: orders move no position.');
  if (as === 'orders' && (from !== undefined || map !== undefined))
    throw usage('--from and --map are for trades.');
  if (saveMap !== undefined && from === undefined && map === undefined)
    throw usage('--save-map needs --from or --map, which it saves.');
}

interface Flags {
  as: 'trades' | 'orders';
  user: string | undefined;
  fast: boolean;
  replay: boolean;
  from: string | undefined;
  map: readonly string[] | undefined;
  saveMap: string | undefined;
}
