import { basename, resolve } from 'node:path';
import { type BadLine, complain } from '../cli/bad-lines.ts';
import { defineCommand } from '../cli/command.ts';
import { readCsv } from '../cli/csv-input.ts';
import { CliError, usage } from '../cli/errors.ts';
import { choice, identifier, optional, text, toggle } from '../cli/flags.ts';
import { Found } from '../cli/output.ts';
import { type Progress, startProgress } from '../cli/progress.ts';
import type { Context } from '../context.ts';
import { lockUser } from '../user/store.ts';
import { addMoney } from '../util/money.ts';
import { count } from '../util/text.ts';
import { openRejects, type Rejects } from './rejects.ts';
import { type NumberedTrade, parseTrade, TRADE_COLUMNS } from './trade.ts';

export const importOrders = defineCommand({
  effect: 'write',
  phase: 2,
  args: { file: text('FILE', 'a CSV file, or - for stdin', 4_096) },
  flags: {
    as: choice(['trades'], 'KIND', 'what the rows are'),
    user: identifier('USER', 'the trader whose trades they are'),
    keepGoing: toggle('import the good lines and list the bad ones in a file'),
    rejects: optional(text('FILE', 'the file for the bad lines; FILE.rejects.csv when left out', 4_096)),
  },
  fields: {
    user_id: { type: 'text' },
    imported: { type: 'integer' },
    known: { type: 'integer' },
    rejected: { type: 'integer' },
    rejects_file: { type: 'text' },
    realized_pnl: { type: 'money' },
  },
  examples: [
    'order import trades.csv --as trades --user trader_001',
    'order import trades.csv --as trades --user trader_001 --keep-going --rejects bad-lines.csv',
  ],
  details: `Columns: ${TRADE_COLUMNS.required.join(',')}[,strategy_id]. Each row becomes a FILLED MARKET order and its fill, booked in
the order of the file and known by its trade_id: importing a file again adds only what is new. All or nothing, unless
--keep-going. Ends 6 where lines were rejected.`,
  async run(input, ctx: Context) {
    const path = input.file === '-' ? '-' : resolve(ctx.cwd, input.file);
    const rejects = input.keepGoing
      ? await openRejects(rejectsPath(path, input.rejects, ctx.cwd))
      : undefined;
    const progress = await startProgress(ctx.io, 'Importing trades');
    try {
      const tally = await importFile(path, input.user, rejects, progress, ctx);
      const row = { user_id: input.user, ...tally, rejects_file: (await rejects?.keep()) ?? null };
      return tally.rejected > 0 ? new Found(row) : row;
    } finally {
      progress.stop();
      await rejects?.discard();
    }
  },
});

function rejectsPath(path: string, named: string | undefined, cwd: string): string {
  if (named !== undefined) return resolve(cwd, named);
  if (path === '-') throw usage('--keep-going on stdin needs --rejects FILE for the bad lines.');
  return `${path}.rejects.csv`;
}

interface Tally {
  imported: number;
  known: number;
  rejected: number;
  realized_pnl: string;
}

const BATCH = 1_000;
const HINT = 'Correct the file, or import the good lines with --keep-going.';

async function importFile(
  path: string,
  userId: string,
  rejects: Rejects | undefined,
  progress: Progress,
  ctx: Context,
): Promise<Tally> {
  const { bookTrades } = await import('./trades.ts');
  const [now, timeZone, phase] = [ctx.now(), await ctx.timeZone(), await ctx.phase()];
  let spent = false;
  return ctx.change(async (trx) => {
    // A deadlock runs the change again from the start, which a pipe cannot do.
    if (spent) throw pipeSpent();
    await rejects?.restart();
    // Two imports of one file take turns, so that the second finds the trades of the first.
    await lockUser(trx, userId);
    const input = await readCsv(path, TRADE_COLUMNS, ctx);
    spent = input.once;
    const tally: Tally = { imported: 0, known: 0, rejected: 0, realized_pnl: '0.00' };
    const bad: BadLine[] = [];
    const reject = async (lines: readonly BadLine[]) => {
      tally.rejected += lines.length;
      await rejects?.add(lines);
      bad.push(...lines.slice(0, Math.max(0, 10 - bad.length)));
    };
    const flush = async (batch: readonly NumberedTrade[]) => {
      ctx.signal.throwIfAborted();
      // Once a line is bad and nothing will be kept, the rest is only checked.
      if (tally.rejected > 0 && !rejects) return;
      const booked = await bookTrades(trx, userId, batch, phase);
      await reject(booked.bad);
      tally.imported += booked.imported;
      tally.known += booked.known;
      tally.realized_pnl = addMoney(tally.realized_pnl, booked.realized);
      progress.update(`${count(tally.imported + tally.known, 'trade')}`, input.share());
    };
    let batch: NumberedTrade[] = [];
    for await (const { line, values } of input.rows) {
      const trade = parseTrade(values, now, timeZone);
      if ('reason' in trade) await reject([{ line, reason: trade.reason }]);
      else batch.push({ line, trade });
      if (batch.length < BATCH) continue;
      await flush(batch);
      batch = [];
    }
    await flush(batch);
    if (tally.rejected > 0 && !rejects) throw complain(bad, tally.rejected, HINT);
    const body = { file: basename(path), ...tally };
    return { result: tally, audit: tally.imported > 0 ? { target: `user ${userId}`, body } : null };
  });
}

function pipeSpent(): CliError {
  return new CliError(
    'busy',
    'DATABASE_BUSY',
    'The database was busy, and what comes through a pipe cannot be read a second time.',
    {
      hint: 'Nothing was imported. Run it again.',
      retryable: true,
    },
  );
}
