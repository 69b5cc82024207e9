import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import { projectedKinds } from '../../projection/kinds/list.ts';
import { pluralize } from '../../util/text.ts';
import { catchingUp } from './catching-up.ts';

const INTEGER = { type: 'integer' } as const;

export const rebuild = defineCommand({
  ...catchingUp,
  fields: {
    ...Object.fromEntries(projectedKinds().map(({ source }) => [source.table, INTEGER])),
    strays: INTEGER,
  },
  examples: ['realtime rebuild'],
  details: `Writes every order of the last 7 days, every notification of the last 30 and their lists again, and removes orphans.
Quotes, login sessions and the event streams are not part of the book and stay unchanged. It may run during trading, and
may be repeated.`,
  async run(_input, ctx: Context) {
    const { rebuild } = await import('../../projection/rebuild.ts');
    const progress = await startProgress(ctx.io, 'rebuilding');
    const { rows, orphans } = await rebuild(ctx, (written) =>
      progress.update(`${pluralize(written, 'key')} written`),
    ).finally(() => progress.stop());
    return { ...rows, strays: orphans };
  },
});
