import type { Context } from '../../context.ts';
import { type InstrumentRow, listedShareOf, scripOf } from '../../domain/scrip-master.ts';
import { openSource } from '../../platform/files/open-source.ts';
import { namedRows } from '../../platform/files/open-table.ts';
import type { Columns } from '../../platform/files/read-header.ts';
import { jsonObjects } from '../../platform/files/read-json-array.ts';
import { linesOf } from '../../platform/files/read-lines.ts';
import { readTable } from '../../platform/files/read-records.ts';
import type { MasterFormat } from './store.ts';

/** Some rows of a master, and why others are none. */
interface Block {
  rows: InstrumentRow[];
  bad: string[];
}

/** A file of instruments that is read block by block. */
export interface Master {
  format: MasterFormat;
  name: string;
  blocks: AsyncIterable<Block>;
  share: () => number | undefined;
  /** Whether it can be read only once: stdin, a pipe. */
  once: boolean;
}

const NSE_COLUMNS = {
  symbol: 'symbol',
  name: 'name of company',
  series: 'series',
  isin: 'isin number',
} as const;
const EQUITY_LIST: Columns = {
  required: Object.keys(NSE_COLUMNS),
  optional: [],
  aliases: new Map(Object.entries(NSE_COLUMNS).map(([ours, theirs]) => [ours, [theirs]])),
};

/**
 * Opens a file of instruments: the scrip master of the broker, a JSON array, or NSE's list of shares, CSV; which of both is
 * seen by its first character where no format is given. Throws a usage error for what is neither.
 */
export async function openMaster(
  path: string,
  format: MasterFormat | undefined,
  ctx: Context,
): Promise<Master> {
  const { bytes, name, share, once } = openSource(path, ctx);
  const chunks = bytes[Symbol.asyncIterator]();
  const first = await chunks.next();
  async function* all() {
    if (!first.done) yield first.value;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  const begin = first.done ? '' : first.value.toString('utf8').trimStart();
  const isJson = begin.replace(/^\uFEFF\s*/, '').startsWith('[');
  const kind = format ?? (isJson ? 'angelone' : 'nse');
  const around = { format: kind, name, share, once };
  if (kind === 'angelone') return { ...around, blocks: scrips(jsonObjects(all(), name)) };
  return {
    ...around,
    blocks: shares(await readTable(linesOf(all(), name), name, EQUITY_LIST, async () => {})),
  };
}

async function* scrips(objects: AsyncIterable<unknown[]>): AsyncGenerator<Block> {
  let number = 0;
  for await (const values of objects) {
    const block: Block = { rows: [], bad: [] };
    for (const value of values) {
      number++;
      const row = scripOf(value);
      if ('reason' in row) block.bad.push(`object ${number}: ${row.reason}`);
      else block.rows.push(row);
    }
    yield block;
  }
}

async function* shares(table: Awaited<ReturnType<typeof readTable>>): AsyncGenerator<Block> {
  for await (const { rows, bad } of namedRows(table)) {
    const block: Block = { rows: [], bad: bad.map(({ line, reason }) => `line ${line}: ${reason}`) };
    for (const { line, values } of rows) {
      const { symbol = '', name = '', series = '', isin = '' } = values;
      const row = listedShareOf({ symbol, name, series, isin });
      if ('reason' in row) block.bad.push(`line ${line}: ${row.reason}`);
      else block.rows.push(row);
    }
    yield block;
  }
}
