import { basename } from 'node:path';
import { readCsv } from '../../cli/csv-input.ts';
import type { Progress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { addMoney, NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { streamConsumed } from '../../platform/files/open-source.ts';
import {
  type BadLine,
  type Rejects,
  rejectedLinesError,
  withRejects,
} from '../../platform/files/rejects-file.ts';
import { pluralize } from '../../util/text.ts';
import { tradingDayOf } from '../trading-day.ts';
import { lockUser } from '../users/store.ts';
import { bookTrades } from './book-trades.ts';
import { type NumberedTrade, parseTrade, TRADE_COLUMNS } from './trade-file.ts';

interface Tally {
  imported: number;
  /** Those of earlier trading days. */
  history: number;
  known: number;
  rejected: number;
  realized_pnl: Rupees;
}

const BATCH_ROWS = 1_000;
const HINT = 'Correct the file, or import the good lines with --keep-going.';

/** Books the trades of a file in one transaction; bad lines go to `rejects`, or fail the whole import without it. */
export async function importTradeFile(
  path: string,
  userId: UserId,
  rejects: Rejects | undefined,
  progress: Progress,
  ctx: Context,
) {
  const clock = await tradingDayOf(ctx);
  const timeZone = await ctx.timeZone();
  let spent = false;
  return ctx.change(async (trx) => {
    // A deadlock runs the change again from the start, which a pipe cannot do.
    if (spent) throw streamConsumed();
    await rejects?.restart();
    // Two imports of one file run one after the other, so that the second finds the trades of the first.
    await lockUser(trx, userId);
    const input = await readCsv(path, TRADE_COLUMNS, ctx);
    spent = input.once;
    const tally: Tally = { imported: 0, history: 0, known: 0, rejected: 0, realized_pnl: NO_RUPEES };
    const bad: BadLine[] = [];
    const reject = async (lines: readonly BadLine[]) => {
      tally.rejected += lines.length;
      await rejects?.add(lines);
      bad.push(...lines.slice(0, Math.max(0, 10 - bad.length)));
    };
    const flush = async (batch: readonly NumberedTrade[]) => {
      ctx.signal.throwIfAborted();
      // After a bad line that fails the import, the remaining lines are only checked.
      if (tally.rejected > 0 && !rejects) return;
      const booked = await bookTrades(trx, userId, batch, clock);
      await reject(booked.bad);
      tally.imported += booked.imported;
      tally.history += booked.history;
      tally.known += booked.known;
      tally.realized_pnl = addMoney(tally.realized_pnl, booked.realized);
      progress.update(`${pluralize(tally.imported + tally.known, 'trade')}`, input.share());
    };
    let batch: NumberedTrade[] = [];
    for await (const { line, values } of input.rows) {
      const trade = parseTrade(values, new Date(clock.now), timeZone);
      if ('reason' in trade) await reject([{ line, reason: trade.reason }]);
      else batch.push({ line, trade });
      if (batch.length < BATCH_ROWS) continue;
      await flush(batch);
      batch = [];
    }
    await flush(batch);
    if (tally.rejected > 0 && !rejects) throw rejectedLinesError(bad, tally.rejected, HINT);
    const body = { file: basename(path), ...tally };
    return {
      result: withRejects({ user_id: userId, ...tally }, rejects),
      audit: tally.imported > 0 ? { target: `user ${userId}`, body } : null,
    };
  });
}
