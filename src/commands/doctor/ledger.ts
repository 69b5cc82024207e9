import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
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
  flags: { user: optional(parsed(userId, 'USER', 'only rows of this user')) },
  fields: {
    check: { type: 'text' },
    state: { type: 'text' },
    id: { type: 'text' },
    detail: { type: 'text' },
  },
  examples: ['doctor ledger', 'doctor ledger --user trader_001 --json check,id,detail'],
  details: `Verifies the book as of one moment, while trading continues: one row per invariant that holds, one row per offending
record (the first 100 of each invariant). Exits 6 if an invariant is violated.`,
  async run({ user }, ctx: Context) {
    const { verifyInvariants } = await import('../../trading/ledger/verify-invariants.ts');
    const source = await ctx.source();
    if (user !== undefined) await findUser(source.db, user);
    const progress = await startProgress(ctx.io, 'proving the book');
    const { findings, size } = await verifyInvariants(source, user).finally(() => progress.stop());
    const rows = findings.flatMap(({ invariant: { name: check, holds }, offenders, total }) => {
      if (total === 0) return [{ check, state: 'ok', id: null, detail: holds }];
      const found = offenders.map(({ id, detail }) => ({ check, state: 'fail', id, detail }));
      const more = total - offenders.length;
      return more > 0 ? [...found, { check, state: 'fail', id: null, detail: `and ${more} more` }] : found;
    });
    if (rows.some(({ state }) => state === 'fail')) return new Finding(rows);
    const { orders, fills, positions } = size;
    await ctx.io.say(
      `All is well with ${pluralize(orders, 'order')}, ${pluralize(fills, 'fill')} and ${pluralize(positions, 'position')}.`,
    );
    return rows;
  },
});
