import { defineCommand } from '../../cli/command.ts';
import { Found } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { changesOf, readRecord } from '../../operations/migrations/history.ts';
import { loadPhases } from '../../operations/migrations/scripts.ts';
import { count } from '../../util/text.ts';
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
    const [phases, record] = await Promise.all([loadPhases(), ctx.db().then(readRecord)]);
    const changes = changesOf(phases, record);
    if (changes.length > 0) return new Found(changes);
    await ctx.io.say(`The scripts of ${count(record.length, 'applied phase')} are unchanged.`);
    return [];
  },
});
