import { basename } from 'node:path';
import { changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { type Progress, startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { InstrumentRow } from '../../domain/scrip-master.ts';
import { streamConsumed } from '../../platform/files/open-source.ts';
import { INSTRUMENTS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { type Master, openMaster } from './read-master.ts';
import { type MasterFormat, markUnlisted, writeInstruments } from './store.ts';

// A statement of this many rows takes a tenth of a second, and a few megabytes.
const ROWS_AT_ONCE = 4_000;
const MAX_NAMED = 5;
// One odd row of a broker must not keep the other 90,000 out; a file of odd rows is another file.
const MAX_BAD_SHARE = 0.01;

interface Tally {
  rows: number;
  added: number;
  changed: number;
  /** A token or trading symbol that an earlier row of the exchange has. */
  repeated: number;
  left_out: number;
}

/**
 * Imports a file of instruments in one transaction, block by block. Rows that are as they were are not written, and a file
 * that brings nothing new leaves no audit row. Throws a usage error for a file that is none, or of which more than one
 * percent of the rows are none.
 */
export async function importInstruments(ctx: Context, path: string, format: MasterFormat | undefined) {
  needStep(await ctx.source(), INSTRUMENTS_SINCE_STEP);
  const progress = await startProgress(ctx.io, 'Importing instruments');
  const notes: string[] = [];
  let spent = false;
  try {
    const result = await ctx.change(async (trx) => {
      // A deadlock runs the change again from the start, which a pipe cannot do.
      if (spent) throw streamConsumed();
      notes.length = 0;
      const master = await openMaster(path, format, ctx);
      spent = master.once;
      const { tally, unlisted } = await load(trx, master, notes, progress, ctx.signal);
      const { added, changed } = tally;
      const unchanged = tally.rows - added - changed - tally.repeated - tally.left_out;
      const counts = { ...tally, unchanged, unlisted };
      const body = { file: path === '-' ? 'stdin' : basename(path), format: master.format, ...counts };
      return changedIf(
        added + changed + unlisted > 0,
        { format: master.format, ...counts },
        'instruments',
        body,
      );
    });
    for (const note of notes) await ctx.io.warn(note);
    return result;
  } finally {
    progress.stop();
  }
}

async function load(trx: Trx, master: Master, notes: string[], progress: Progress, signal: AbortSignal) {
  const tally: Tally = { rows: 0, added: 0, changed: 0, repeated: 0, left_out: 0 };
  const named: string[] = [];
  const { isRepeated, symbols } = seenRows();
  let batch: InstrumentRow[] = [];
  const write = async (least: number) => {
    if (batch.length < least) return;
    const { added, changed } = await writeInstruments(trx, master.format, batch);
    batch = [];
    tally.added += added;
    tally.changed += changed;
    progress.update(pluralize(tally.rows, 'instrument'), master.share());
  };
  for await (const { rows, bad } of master.blocks) {
    signal.throwIfAborted();
    const fresh = rows.filter((row) => !isRepeated(row));
    tally.rows += rows.length + bad.length;
    tally.left_out += bad.length;
    tally.repeated += rows.length - fresh.length;
    named.push(...bad.slice(0, Math.max(0, MAX_NAMED - named.length)));
    batch.push(...fresh);
    await write(ROWS_AT_ONCE);
  }
  refuseOther(master.name, tally, named);
  await write(1);
  if (tally.left_out > 0)
    notes.push(`Left out: ${named.join('; ')}${tally.left_out > named.length ? ' …' : ''}`);
  if (master.format === 'nse') return { tally, unlisted: 0 };
  const { unlisted, partial } = await markUnlisted(trx, symbols);
  for (const exchange of partial)
    notes.push(
      `The file lacks more than half of the instruments of ${exchange} that are known: those stay as they were.`,
    );
  return { tally, unlisted };
}

/** Throws a usage error for a file of which too many rows are no instruments, or all. */
function refuseOther(name: string, { rows, left_out }: Tally, named: readonly string[]): void {
  if (rows > 0 && left_out <= rows * MAX_BAD_SHARE) return;
  throw usage(
    [`${name} is no file of instruments: ${left_out} of ${pluralize(rows, 'row')} are none.`, ...named].join(
      '\n',
    ),
    'The scrip master of the broker is a JSON array; the list of NSE is EQUITY_L.csv.',
  );
}

/** The rows of a file so far. Tokens are unique within an exchange alone: another segment has the same ones. */
function seenRows() {
  const tokens = new Map<string, Set<string>>();
  const symbols = new Map<string, Set<string>>();
  const isKnown = (of: Map<string, Set<string>>, exchange: string, value: string) => {
    const known = of.get(exchange) ?? new Set();
    if (known.has(value)) return true;
    of.set(exchange, known.add(value));
    return false;
  };
  return {
    symbols,
    isRepeated: ({ exchange, token, trading_symbol }: InstrumentRow) =>
      (token !== '' && isKnown(tokens, exchange, token)) || isKnown(symbols, exchange, trading_symbol),
  };
}
