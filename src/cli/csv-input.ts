import { pipeline } from 'node:stream/promises';
import { usage } from '../util/failure.ts';
import { openInput } from '../util/file.ts';
import { FileProblem } from '../util/file-problem.ts';
import type { Io } from './io.ts';

export interface CsvColumns {
  /** A valid header, if the required columns alone are not one. */
  header?: string;
  required: readonly string[];
  optional: readonly string[];
}

interface CsvRow {
  /** The line of the file that the row ends on, counted from 1. */
  line: number;
  values: Readonly<Record<string, string>>;
}

export interface CsvInput {
  rows: AsyncIterable<CsvRow>;
  /** How much of the file has been read, 0 to 1; undefined for stdin. */
  share: () => number | undefined;
  /** Whether it can be read only once: stdin, a pipe. */
  once: boolean;
}

// A longer row means that the file is not CSV, and would have to be held in memory.
const MAX_ROW = 65_536;

/** What reading needs of the context. */
export interface Around {
  io: Io;
  signal: AbortSignal;
}

/**
 * Streams the rows of a CSV file (or stdin for `-`, or a named pipe); accepts a BOM, CRLF and quoted fields. Columns
 * may be in any order; unknown ones are named on stderr and ignored. Throws a usage error that names file and line.
 */
export async function readCsv(path: string, columns: CsvColumns, { io, signal }: Around): Promise<CsvInput> {
  const { parse } = await import('csv-parse');
  const { source, size } = path === '-' ? { source: io.stdin, size: undefined } : open(path);
  const parser = parse({
    bom: true,
    info: true,
    trim: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: MAX_ROW,
  });
  // Errors of either stream are thrown by the parser, where the rows are read.
  pipeline(source, parser, { signal }).catch(() => {});
  const read = () => ('bytesRead' in source ? source.bytesRead : 0);
  return {
    rows: rowsOf(parser as AsyncIterable<ParsedRow>, path === '-' ? 'stdin' : path, columns, io),
    share: () => size && read() / size,
    once: size === undefined,
  };
}

/** The file as a stream, and its size; a pipe has none. */
function open(path: string) {
  try {
    const { stream, stats } = openInput(path, { pipes: true });
    return { source: stream, size: stats.isFile() ? stats.size : undefined };
  } catch (error) {
    throw error instanceof FileProblem ? usage(`The file ${path} ${error.why}.`) : error;
  }
}

interface ParsedRow {
  record: string[];
  info: { lines: number };
}

async function* rowsOf(
  parser: AsyncIterable<ParsedRow>,
  name: string,
  columns: CsvColumns,
  io: Io,
): AsyncGenerator<CsvRow> {
  let header: string[] | undefined;
  try {
    for await (const { record, info } of parser) {
      if (header) yield { line: info.lines, values: zip(header, record) };
      else {
        header = record.map((column) => column.toLowerCase());
        await checkHeader(header, name, columns, io);
      }
    }
  } catch (error) {
    throw isStructural(error, name);
  }
  if (!header)
    throw usage(
      `${name} is empty.`,
      `Its first line must be: ${columns.header ?? columns.required.join(',')}`,
    );
}

function zip(header: readonly string[], record: readonly string[]): Record<string, string> {
  return Object.fromEntries(header.map((column, i) => [column, record[i] ?? '']));
}

async function checkHeader(
  header: readonly string[],
  name: string,
  columns: CsvColumns,
  io: Io,
): Promise<void> {
  const missing = columns.required.filter((column) => !header.includes(column));
  if (missing.length > 0)
    throw usage(
      `${name} has no column ${missing.join(', ')}.`,
      `Its first line must name: ${columns.required.join(',')}`,
    );
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) throw usage(`${name} has the column ${twice} twice.`);
  const unknown = header.filter(
    (column) => !columns.required.includes(column) && !columns.optional.includes(column),
  );
  if (unknown.length > 0) await io.say(`Columns left out: ${unknown.join(', ')}`);
}

/** Errors of csv-parse and the file system as Failure; other errors are returned unchanged. */
function isStructural(error: unknown, name: string): unknown {
  const { code, lines } = error as { code?: string; lines?: number };
  if (code === 'CSV_MAX_RECORD_SIZE')
    return usage(`${name}, line ${lines}: the row is too long to be CSV of this kind.`);
  if (code?.includes('QUOTE'))
    return usage(`${name}, line ${lines}: a quote is out of place, so the rest cannot be read.`);
  if (code && /^E[A-Z]+$/.test(code)) return usage(`The file ${name} cannot be read (${code}).`);
  return error;
}
