import { defineCommand } from '../cli/command.ts';
import { identifier, optional } from '../cli/flags.ts';
import { Found } from '../cli/output.ts';
import type { Context } from '../context.ts';
import { findUser } from '../user/store.ts';
import { count } from '../util/text.ts';

export const ledger = defineCommand({
  effect: 'read',
  phase: 1,
  args: {},
  flags: { user: optional(identifier('USER', 'only what belongs to this trader')) },
  fields: {
    check: { type: 'text' },
    state: { type: 'text' },
    id: { type: 'text' },
    detail: { type: 'text' },
  },
  examples: ['doctor ledger', 'doctor ledger --user trader_001 --json check,id,detail'],
  details: `Proves the book as it stands at one moment, however much is traded meanwhile: a row for each invariant that holds, a row
for each thing that breaks one (the first 100 of each), and exit 6 where anything does.`,
  async run({ user }, ctx: Context) {
    const [{ INVARIANTS }, { findOffenders }] = await Promise.all([
      import('./invariants.ts'),
      import('./offenders.ts'),
    ]);
    const [db, phase] = [await ctx.db(), await ctx.phase()];
    if (user !== undefined) await findUser(db, user);
    const checks = INVARIANTS.filter((invariant) => invariant.phase <= phase);
    const results = await findOffenders(db, checks, user);
    const broken = results.filter(({ offenders }) => offenders.length > 0);
    if (broken.length === 0) await ctx.io.say(`All is well: ${count(checks.length, 'check')}.`);
    const rows = results.flatMap(({ invariant, offenders, total }) => {
      const check = invariant.name;
      if (offenders.length === 0) return [{ check, state: 'ok', id: null, detail: invariant.holds }];
      const found = offenders.map(({ id, detail }) => ({ check, state: 'fail', id, detail }));
      const more = total - offenders.length;
      const rest = { check, state: 'fail', id: null, detail: `and ${count(more, 'more', 'more')}` };
      return more > 0 ? [...found, rest] : found;
    });
    return broken.length > 0 ? new Found(rows) : rows;
  },
});
