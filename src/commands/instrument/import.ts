import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { choice, inputFile, optional } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { parts } from '../_shared/parts.ts';

export const importMaster = defineCommand({
  effect: 'write',
  roles: ['operator', 'cron'],
  repeat: 'once',
  phase: 4,
  args: { file: inputFile('JSON of the broker or CSV of NSE, also compressed, or - for stdin') },
  flags: {
    format: optional(
      choice(['angelone', 'nse'], 'FORMAT', 'whose file it is (default: seen by its content)'),
    ),
  },
  fields: {
    format: { type: 'text' },
    rows: { type: 'integer' },
    added: { type: 'integer' },
    changed: { type: 'integer' },
    unchanged: { type: 'integer' },
    unlisted: { type: 'integer' },
    repeated: { type: 'integer' },
    left_out: { type: 'integer' },
  },
  answer: ({ rows, added, changed, unchanged, unlisted, repeated, left_out }) => ({
    done: `Imported ${pluralize(Number(rows), 'instrument')}: ${parts({ added, changed, unchanged, 'no longer listed': unlisted, 'twice in the file': repeated, 'left out': left_out })}`,
  }),
  examples: ['instrument import OpenAPIScripMaster.json', 'instrument import EQUITY_L.csv --format nse'],
  details: `The scrip master of Angel One is a JSON array of token, symbol, name, expiry, strike, lotsize, instrumenttype, exch_seg,
tick_size and freeze_qty, with amounts in paise; -1 and 0 mean none. NSE's list of shares (EQUITY_L.csv) adds full names and ISINs
to it. One transaction; rows that are as they were are not written, so that the same file again changes nothing.
What the scrip master no longer has is kept, and counts as not listed. A row that has the token or the trading symbol of an earlier
row of its exchange is left out and counted; tokens of two exchanges may be the same. Rows that cannot be read are left out and
named; a file with more than one percent of them is refused.`,
  async run({ file, format }, ctx: Context) {
    const { importInstruments } = await import('../../trading/instruments/import-instruments.ts');
    return importInstruments(ctx, file === '-' ? file : resolve(ctx.cwd, file), format);
  },
});
