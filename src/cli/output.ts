import { usage } from '../util/failure.ts';
import { closestMatch, escapeControls, shellWord, truncate } from '../util/text.ts';
import { broken, plainly } from './charts/terminal.ts';
import type { Io } from './io.ts';
import { jsonRow, plainValue } from './machine-text.ts';
import {
  type Answer,
  type Field,
  type Fields,
  type Finding,
  type OutputFlags,
  RawOutput,
  type RenderOptions,
} from './result.ts';
import { chunks, columnValue, type Row, type Rows } from './rows.ts';

/**
 * Throws a usage error (with the list of columns) if --json or --columns names an unknown one, or where flags ask for several
 * formats.
 */
export function checkColumns(fields: Fields, flags: OutputFlags): void {
  if (flags.jq !== undefined && flags.csv) throw usage('--jq and --csv exclude each other.');
  if (flags.jq !== undefined && flags.columns !== undefined)
    throw usage('--jq and --columns exclude each other.', 'Name columns for the program with --json a,b.');
  const modes = [flags.json !== undefined, flags.csv === true].filter(Boolean).length;
  if (modes > 1) throw usage('--json and --csv exclude each other.');
  selection(fields, flags, false);
}

const ALL = 'all';

function selection(fields: Fields, { json, csv, columns }: OutputFlags, isTerminal: boolean): string[] {
  const asked = typeof json === 'string' ? json : columns;
  const names = Object.keys(fields);
  const isShown = ({ hidden }: Pick<Field, 'hidden'> = {}) =>
    json === true || !hidden || (hidden === 'piped' && isTerminal && !csv);
  if (asked === undefined) return names.filter((name) => isShown(fields[name]));
  if (columns === ALL && !names.includes(ALL)) return names;
  const chosen = asked.split(',').map((name) => name.trim());
  for (const name of chosen) {
    if (names.includes(name)) continue;
    const guess = closestMatch(name, names);
    throw usage(
      `There is no column "${truncate(name)}"${guess ? `; did you mean ${guess}?` : '.'}`,
      `The columns are: ${names.join(', ')}.`,
    );
  }
  return chosen;
}

/** Writes a verb's result to stdout, as JSON, CSV, a table for a terminal or tab-separated text for a pipe. */
export async function render(result: Row | Rows | RawOutput, style: RenderOptions, io: Io): Promise<void> {
  if (result instanceof RawOutput) return renderStreamed(result, style, io);
  const { live, flags } = style;
  // The verb's own line is for people: a pipe gets JSON.
  if (live?.line && !io.out.isTTY && !flags.csv && (flags.json ?? flags.columns) === undefined)
    return render(result, { ...style, flags: { ...flags, json: true } }, io);
  const names = selection(style.fields, flags, io.out.isTTY);
  if (!Array.isArray(result) && !(Symbol.asyncIterator in result)) return renderOne(result, names, style, io);
  const rows = result as Rows;
  // Rows that are all there are a list for a person.
  const isList = io.out.isTTY && flags.json === undefined && !flags.csv && Array.isArray(result);
  if (live && !isList) return (await import('./render-stream.ts')).renderStream(rows, names, style, io);
  if (style.flags.json !== undefined) return renderJson(rows, names, style.fields, io);
  if (style.flags.csv) return (await import('./render-csv.ts')).renderCsv(rows, names, style.fields, io);
  if (io.out.isTTY) return renderList(rows, names, style, io);
  for await (const chunk of chunks(rows, io.out)) {
    await io.out.write(
      chunk.map((row) => `${names.map((name) => plainValue(row, name, style.fields)).join('\t')}\n`).join(''),
    );
  }
}

/** A table for a person, who is told of columns that do not fit, and of a list without rows; the answer of a single row, if it has one. */
async function renderList(rows: Rows, names: string[], style: RenderOptions, io: Io): Promise<void> {
  const [only, ...others] = Array.isArray(rows) ? rows : [];
  const answer = only && others.length === 0 ? answerOf(only, style, io) : undefined;
  if (answer) return renderAnswer(answer, style, io);
  const { renderTable } = await import('./render-table.ts');
  const { count, missing } = await renderTable(rows, names, style, io);
  const none = count === 0 ? style.none?.() : undefined;
  if (none !== undefined) await io.say(none);
  if (missing.length > 0)
    io.afterwards.unshift(`Not shown at this width: ${missing.join(', ')}. All: --columns all`);
}

async function renderStreamed({ pieces, rows }: RawOutput, style: RenderOptions, io: Io): Promise<void> {
  const { json, csv, columns } = style.flags;
  if (json !== undefined || csv || columns !== undefined) {
    if (rows) return render(rows, style, io);
    throw usage(
      '--json, --jq, --csv and --columns are for what is printed of a file; here the rows are printed.',
      'Name the file with --output, or choose the format of the rows with --format.',
    );
  }
  for await (const piece of pieces) {
    await io.out.write(piece);
    if (io.out.gone) return;
  }
}

async function renderOne(row: Row, names: string[], style: RenderOptions, io: Io): Promise<void> {
  if (style.flags.json !== undefined)
    return io.out.write(`${jsonRow(row, names, style.fields, io.out.isTTY ? 2 : undefined)}\n`);
  if (style.flags.csv) return (await import('./render-csv.ts')).renderCsv([row], names, style.fields, io);
  const answer = answerOf(row, style, io);
  if (answer) return renderAnswer(answer, style, io);
  if (io.out.isTTY) return (await import('./render-card.ts')).renderCard(row, names, style, io);
  // A column that the result lacks is printed only if it was named.
  const shown = style.flags.columns ? names : names.filter((name) => columnValue(row, name) !== undefined);
  await io.out.write(shown.map((name) => lines(row, name, style.fields)).join(''));
}

/** What a person reads of one row in the place of its columns, unless other output was asked for. */
function answerOf(row: Row, { answer, flags }: RenderOptions, io: Io): Answer | undefined {
  const { json, csv, columns, verbose } = flags;
  const isOther = json !== undefined || csv || columns !== undefined || verbose;
  return io.out.isTTY && !isOther ? answer?.(row) : undefined;
}

async function renderAnswer({ done, once, next }: Answer, { flags }: RenderOptions, io: Io): Promise<void> {
  const paint = io.paint(io.out);
  const mark = plainly('✓', io);
  const lines = broken(plainly(`✓ ${escapeControls(done)}`, io), io.out.width).join('\n');
  await io.out.write(`${paint.green(mark)}${lines.slice(mark.length)}\n`);
  if (once) await io.out.write(`${once.what}, shown this once: ${paint.bold(escapeControls(once.secret))}\n`);
  // What a dry run made is not there.
  if (next && !flags.dryRun)
    io.afterwards.push(`Next: pinnacle ${next.map((word) => shellWord(String(word))).join(' ')}`);
}

/** A column of a single record for a pipe: one line, or one line per row of a nested table. */
function lines(row: Row, name: string, fields: Fields): string {
  const { of } = fields[name] ?? {};
  if (!of) return `${name}\t${plainValue(row, name, fields)}\n`;
  return ((columnValue(row, name) ?? []) as Row[])
    .map(
      (inner) => `${[name, ...Object.keys(of).map((column) => plainValue(inner, column, of))].join('\t')}\n`,
    )
    .join('');
}

async function renderJson(rows: Rows, names: string[], fields: Fields, io: Io): Promise<void> {
  let separator = '[';
  for await (const chunk of chunks(rows, io.out)) {
    const objects = chunk.map((row) => jsonRow(row, names, fields));
    await io.out.write(`${separator}${objects.join(',\n ')}`);
    separator = ',\n ';
  }
  await io.out.write(separator === '[' ? '[]\n' : ']\n');
}

/** The first result of a command under its --idempotency-key, and its time (UTC). */
export interface ReplayedResult {
  result: Row | readonly Row[] | Finding;
  at: string;
}

/** Thrown by a change that another process has made concurrently under the same key. */
export class AlreadyApplied extends Error {
  readonly earlier: ReplayedResult;
  constructor(earlier: ReplayedResult) {
    super('done before');
    this.earlier = earlier;
  }
}
