import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { pluralize } from '../../util/text.ts';

export const ledger = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 1,
  verdict: true,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'only rows of this user')),
    strict: toggle('count rows that other programs wrote as violations, as on a schema that is strict'),
  },
  fields: {
    check: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    id: { type: 'text' },
    detail: { type: 'text' },
  },
  examples: ['doctor ledger', 'doctor ledger --user trader_001 --json check,id,detail'],
  details: `Verifies the book as of one moment, while trading continues: one row per invariant that holds, one row per offending
record (the first 100 of each invariant). Exits 6 if an invariant is violated. On a schema that is shared, rows that other programs wrote and
nothing was booked on are no violation: one row per invariant counts them, names the newest and the command that takes them over.`,
  async run({ user, strict }, ctx: Context) {
    const { checkLedger } = await import('../../operations/health/check-ledger.ts');
    const source = await ctx.source();
    if (user !== undefined) await findUser(source.db, user);
    const progress = await startProgress(ctx.io, 'proving the book');
    const { rows, size } = await checkLedger(source, user, strict).finally(() => progress.stop());
    if (rows.some(({ state }) => state === 'fail')) return new Finding(rows);
    const { orders, fills, positions } = size;
    const what = `${pluralize(orders, 'order')}, ${pluralize(fills, 'fill')} and ${pluralize(positions, 'position')}`;
    await ctx.io.say(
      rows.some(({ state }) => state === 'foreign')
        ? `Nothing is damaged in ${what}; rows that other programs wrote are not taken over yet.`
        : `All is well with ${what}.`,
    );
    return rows;
  },
});
