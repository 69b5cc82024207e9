import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { inputFile } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { shellWord } from '../../util/text.ts';
import { timeFlags } from '../_shared/import-rows.ts';

export const inspect = defineCommand({
  effect: 'read',
  still: true,
  args: { file: inputFile('the file, also compressed') },
  flags: timeFlags,
  fields: {
    file: { type: 'text' },
    rows_are: { type: 'text' },
    layout: { type: 'text' },
    format: { type: 'text' },
    encoding: { type: 'text' },
    delimiter: { type: 'text' },
    header_line: { type: 'integer' },
    mapping: { type: 'rows', of: { column: { type: 'text' }, in_file: { type: 'text' } } },
    times: { type: 'text' },
    rows: { type: 'integer' },
    earliest: { type: 'time' },
    latest: { type: 'time' },
    problems: { type: 'integer' },
    first_problem: { type: 'text' },
    notes: { type: 'rows', of: { note: { type: 'text' } } },
    command: { type: 'text' },
  },
  examples: ['import inspect tradebook.csv', 'import inspect trades.csv --dates dmy --json first_problem'],
  details: `Takes the file for trades, orders or quotes by its header, in our layout or in that of a broker or of NSE, and reads every row as
the import would: the columns and their names in the file, how times are read, the time of the first and the last row,
the first problem, and the command that imports it. Reads only, and needs neither database nor Redis; what
only these know, such as trades that are booked already, it does not say. Ends 6 if there is a problem.`,
  async run({ file, ...how }, ctx: Context) {
    const { inspectFile } = await import('../../operations/inspection/inspect-file.ts');
    const path = resolve(ctx.cwd, file);
    const { kind, names: _names, notes, ...rest } = await inspectFile(ctx, { path, ...how });
    const row = {
      file,
      rows_are: kind?.rows ?? null,
      layout: kind?.layout ?? null,
      ...rest,
      notes: notes.map((note) => ({ note })),
      command: kind ? commandFor(kind.command, file, how) : null,
    };
    return row.problems > 0 ? new Finding(row) : row;
  },
});

/** The command that reads the file as the inspection did. */
function commandFor(
  command: string,
  file: string,
  how: { timeZone?: string | undefined; dates?: string | undefined },
) {
  return [
    command.replace(' import', () => ` import ${shellWord(file)}`),
    ...(how.timeZone === undefined ? [] : [`--time-zone ${how.timeZone}`]),
    ...(how.dates === undefined ? [] : [`--dates ${how.dates}`]),
  ].join(' ');
}
