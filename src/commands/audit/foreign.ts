import { defineCommand } from '../../cli/command.ts';
import { optional, text, time } from '../../cli/flags.ts';
import { page, pageFlags, timeKeyset } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { isForPerson } from '../_shared/totals.ts';

export const foreign = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 4,
  args: {},
  flags: {
    writer: optional(text('ROLE', 'by this database role')),
    program: optional(text('PROGRAM', 'by the program that connects under this application_name')),
    table: optional(text('TABLE', 'in this table')),
    since: optional(time('last written at this time or later')),
    ...pageFlags,
  },
  fields: {
    last_at: { type: 'time' },
    writer: { type: 'text' },
    program: { type: 'text' },
    table_name: { type: 'text' },
    row_id: { type: 'text' },
    operation: { type: 'text' },
    writes: { type: 'integer' },
    first_at: { type: 'time' },
  },
  examples: ['audit foreign', 'audit foreign --table orders --since today --json row_id,writer,program'],
  details:
    'What programs other than this one wrote, the newest first: a line for each row, writer and program, with its last operation. Recorded by triggers while schema show says record-writes on.',
  async run(input, ctx: Context) {
    const { listForeignWrites } = await import('../../audit/foreign-writes.ts');
    const { writer, program, table } = input;
    const since = input.since === undefined ? undefined : await ctx.instant('--since', input.since);
    const source = await ctx.source();
    const found = await page(
      input,
      ctx.io,
      (limit, after) =>
        listForeignWrites(source, { writer, program, table, since }, limit, after && timeKeyset(after, 5)),
      ({ last_at, table_name, row_id, ...by }) => [last_at, table_name, row_id, by.writer, by.program],
    );
    const isFiltered = [writer, program, table, since, input.after].some((value) => value !== undefined);
    if (!isFiltered && isForPerson(ctx) && Array.isArray(found) && found.length === 0)
      await ctx.io.say('No other program has written anything here. What is recorded: pinnacle schema show');
    return found;
  },
});
