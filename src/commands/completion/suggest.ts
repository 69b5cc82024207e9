import * as z from 'zod/mini';
import { defineCommand } from '../../cli/command.ts';
import { many, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';

export const suggest = defineCommand({
  effect: 'read',
  still: true,
  args: {
    words: many(parsed(z.string(), 'WORD', 'the words after pinnacle; the last one is being typed')),
  },
  flags: {},
  fields: { kind: { type: 'text' }, value: { type: 'text' }, description: { type: 'text' } },
  examples: ['completion suggest -- order pl', "completion suggest -- order list --status ''"],
  details: `What the last word can become: this is what the scripts of the shells ask. A row of the kind file or folder leaves it to the
shell. Ids of users, strategies and sessions, of working orders, open positions and their symbols come from the database of
the line, within a quarter of a second or not at all; the embedded database is not asked.`,
  async run({ words }, ctx: Context) {
    const { suggest } = await import('../../operations/completion/suggest.ts');
    return suggest(ctx, words);
  },
});
