import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { decimal, inputFile, optional, parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { scheduleFlag } from './flags.ts';

export const compare = defineCommand({
  effect: 'read',
  still: true,
  phase: 2,
  verdict: true,
  args: { file: inputFile('CSV of date,levy,amount, or - for stdin') },
  flags: {
    user: optional(parsed(userId, 'USER', 'whose they are, where the file has no column user')),
    tolerance: withDefault(decimal('RUPEES', 'by how much a levy may differ', 0, 1_000_000), '1'),
    schedule: scheduleFlag,
  },
  fields: {
    day: { type: 'text' },
    user_id: { type: 'text' },
    exchange: { type: 'text' },
    levy: { type: 'text' },
    computed: { type: 'money' },
    billed: { type: 'money' },
    excess: { type: 'money' },
    booked: { type: 'money' },
    reason: { type: 'text' },
  },
  examples: [
    'charges compare note.csv --user trader_001',
    'charges compare notes.csv --tolerance 0.05 --json levy,computed,billed,excess',
  ],
  details: `A row of the file is a levy of a day: date,levy,amount, with the columns user and exchange where there are several. Levies go by
the names that contract notes have for them (Exchange Transaction Charges, Stamp Duty, CGST); CGST, SGST and IGST add up to gst. Without an
exchange a note is of all of them. dp is billed apart and compared where the file has it. excess is what is billed beyond what is computed; the last row of a note is
the total, with what is booked of the day. Ends 6 where a levy differs by more than the tolerance, is on one side alone, or nothing was
executed on the day. Lines that cannot be taken are named, and nothing is compared (exit 2). Nothing is booked.`,
  async run({ file, ...input }, ctx: Context) {
    const { compareNotes } = await import('../../trading/charges/compare-note.ts');
    return compareNotes(ctx, { path: file === '-' ? file : resolve(ctx.cwd, file), ...input });
  },
});
