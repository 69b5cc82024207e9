import { basename } from 'node:path';
import { auditTarget, changedIf } from '../../audit/outcome.ts';
import type { Progress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { TimeReading } from '../../domain/file-values.ts';
import type { UserId } from '../../domain/id.ts';
import { streamConsumed } from '../../platform/files/open-source.ts';
import { type Numbered, openTable, readAll } from '../../platform/files/open-table.ts';
import {
  type BadLine,
  type Rejects,
  rejectedLinesError,
  withRejects,
} from '../../platform/files/rejects-file.ts';
import { pluralize } from '../../util/text.ts';
import { noteUnmerged, openRenaming, type Renaming } from '../symbols/renaming.ts';
import { tradingDayOf } from '../trading-day.ts';
import { lockUser } from '../users/store.ts';
import { sortOut } from './book-trades.ts';
import { bookByTime, type Replayed } from './replay-trades.ts';
import { TRADE_COLUMNS, type Trade, tradeReader } from './trade-file.ts';
import { BROKER_SIDE, columnsOf, type Layout } from './trade-layout.ts';
import { inOrderOfTime } from './trade-order.ts';
import { translateTrades, withIds } from './translate-trades.ts';

/** The bad lines that a failure names. */
const MAX_NAMED = 10;
// The trades are held in memory, as they are booked in the order of time, not of the file.
const MAX_TRADES = 1_000_000;
const HINT = 'Correct the file, or import the good lines with --keep-going.';

/**
 * Books the trades of a file in one transaction, by time; bad lines go to `rejects`, or fail the whole import without
 * it. Throws TRADES_OLDER if a trade is older than what is booked of its symbol; with `replay` the positions of that symbol
 * are rebuilt by time instead.
 */
export async function importTradeFile(
  path: string,
  userId: UserId,
  times: TimeReading,
  { layout, replay }: { layout: Layout | undefined; replay: boolean },
  rejects: Rejects | undefined,
  progress: Progress,
  ctx: Context,
) {
  const clock = await tradingDayOf(ctx);
  let spent = false;
  return ctx.change(async (trx) => {
    // A deadlock runs the change again from the start, which a pipe cannot do.
    if (spent) throw streamConsumed();
    await rejects?.restart();
    // Two imports of one file run one after the other, so that the second finds the trades of the first.
    await lockUser(trx, userId);
    const { table, notes } = await openTrades(path, layout, ctx);
    spent = table.once;
    const read = tradeReader(clock.now, times, layout && BROKER_SIDE);
    const renaming = await openRenaming(trx);
    const { rows, bad } = await readAll(table, layout ? withIds(read) : read, {
      signal: ctx.signal,
      most: MAX_TRADES,
      tell: (n) => progress.update(pluralize(n, 'trade'), table.share()),
    });
    const trades = renamed(rows, renaming);
    await each([...notes(), ...renaming.notes()], ctx.io.say);
    const { fresh, known, repeats, refused } = await sortOut(trx, userId, trades, renaming);
    const rejected = [...bad, ...refused].sort((a, b) => a.line - b.line);
    const refuse = (lines: readonly BadLine[]) => {
      if (lines.length > 0 && !rejects)
        throw rejectedLinesError(lines.slice(0, MAX_NAMED), lines.length, HINT);
      return rejects?.add(lines);
    };
    await refuse(rejected);
    if (repeats.length > 0) await ctx.io.say(describeRepeats(repeats));
    const { trades: ordered, newestFirst } = inOrderOfTime(fresh);
    if (newestFirst) await ctx.io.say('The newest trade comes first in the file; trades are booked by time.');
    const { replayed, ...booked } = await bookByTime(trx, userId, ordered, {
      ...{ replay, clock },
      tell: (n) =>
        progress.update(
          `${pluralize(n, 'trade')} of ${pluralize(ordered.length, 'trade')} booked`,
          n / ordered.length,
        ),
    });
    await refuse(booked.bad);
    if (replayed) await ctx.io.say(describeReplay(replayed));
    const symbols = trades.map(({ value }) => value.symbol);
    await each(await noteUnmerged(trx, userId, renaming, symbols), ctx.io.warn);
    const tally = {
      imported: booked.imported,
      history: booked.history,
      known: known + repeats.length,
      rejected: rejected.length + booked.bad.length,
      realized_pnl: booked.realized,
    };
    const body = { file: basename(path), ...tally, replayed };
    const result = withRejects({ user_id: userId, ...tally }, rejects);
    return changedIf(tally.imported > 0, result, auditTarget('user', userId), body);
  });
}

async function each(lines: readonly string[], say: (line: string) => Promise<void>): Promise<void> {
  for (const line of lines) await say(line);
}

/** Trades under the names by alias. An id that was made of a trade stays, so that it is known whatever its name is. */
const renamed = (trades: readonly Numbered<Trade>[], { rename }: Renaming): Numbered<Trade>[] =>
  trades.map((trade) => {
    const symbol = rename(trade.value.symbol);
    return symbol === trade.value.symbol ? trade : { line: trade.line, value: { ...trade.value, symbol } };
  });

/** The table of trades in a file, whatever its layout, and what is to be said once it is read. */
async function openTrades(path: string, layout: Layout | undefined, ctx: Context) {
  if (!layout) return { table: await openTable(path, TRADE_COLUMNS, ctx), notes: () => [] };
  return translateTrades(await openTable(path, columnsOf(layout), ctx), layout);
}

const describeReplay = ({ trades, rebuilt, symbols }: Replayed) =>
  `Rebuilt by time, as ${pluralize(trades, 'trade')} came before what was booked: ${pluralize(rebuilt, 'position')} in ${symbols.join(', ')}.`;

// Enough to find the others.
const MAX_REPEATS = 5;

function describeRepeats(repeats: readonly { line: number; of: number }[]): string {
  const named = repeats.slice(0, MAX_REPEATS).map(({ line, of }) => `line ${line} that of line ${of}`);
  const more =
    repeats.length > MAX_REPEATS ? `, and ${pluralize(repeats.length - MAX_REPEATS, 'line')} more` : '';
  return `Trades that stand in the file twice are booked once: ${named.join(', ')}${more}.`;
}
