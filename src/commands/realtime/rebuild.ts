import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { projectedKinds } from '../../projection/kinds/list.ts';
import { parts } from '../_shared/parts.ts';
import { catchingUp } from './catching-up.ts';

const INTEGER = { type: 'integer' } as const;

export const rebuild = defineCommand({
  ...catchingUp,
  flags: { deleteForeign: toggle('also delete the keys that others wrote and the book does not know') },
  fields: {
    ...Object.fromEntries(projectedKinds().map(({ source }) => [source.table, INTEGER])),
    strays: INTEGER,
    foreign: INTEGER,
  },
  answer: ({ strays, foreign, ...written }) => ({
    done: `Wrote Redis anew: ${parts(Object.fromEntries(Object.entries(written).map(([table, rows]) => [table.replaceAll('_', ' '), Number(rows)])))}${strays ? `; ${strays} strays removed` : ''}${foreign ? `; ${foreign} keys of others` : ''}`,
    next: ['doctor', 'realtime'],
  }),
  examples: ['realtime rebuild', 'realtime rebuild --delete-foreign --confirm pinnacle'],
  details: `Writes every order of the last 7 days, every notification of the last 30 and their lists again, and removes the keys of
this program whose rows are gone (strays). Keys that the book does not know and that are not in the form in which this program
writes them, and such members of sets and lists, are those of other services: they stay and are counted as foreign. --delete-foreign
deletes them, too, once the name of the database is given. Quotes, login sessions and the event streams are not part of the
book and stay unchanged. It may run during trading, and may be repeated.`,
  async run({ deleteForeign }, ctx: Context) {
    const { rebuildKeys } = await import('../../operations/realtime/rebuild-keys.ts');
    const { rows, orphans, foreign } = await rebuildKeys(ctx, deleteForeign);
    return { ...rows, strays: orphans, foreign: foreign.length };
  },
});
