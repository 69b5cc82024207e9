import { defineCommand } from '../../cli/command.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { changesOf, readHistory } from '../../operations/migrations/history.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { pluralize } from '../../util/text.ts';
import { changeFields } from './fields.ts';

export const verify = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {},
  fields: changeFields,
  examples: ['migrate verify', 'migrate verify --json phase,part'],
  details:
    'Compares the scripts with the SHA-256 recorded when they were applied. Ends 6 with a row for each that differs, and for each recorded phase without a folder. Whether somebody changed the database itself: migrate drift.',
  async run(_input, ctx: Context) {
    const [phases, record] = await Promise.all([loadPhases(), ctx.db().then(readHistory)]);
    const changes = changesOf(phases, record);
    if (changes.length > 0) return new Finding(changes);
    await ctx.io.say(`The scripts of ${pluralize(record.length, 'applied phase')} are unchanged.`);
    return [];
  },
});
