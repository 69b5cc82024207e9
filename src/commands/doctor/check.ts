import { defineCommand } from '../../cli/command.ts';
import { choice, optional, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { CHECKS } from '../../operations/health/check-names.ts';

export const check = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {
    check: optional(choice(CHECKS, 'NAME', 'this check alone')),
    fix: toggle('put right what needs no decision: seals, what waits for Redis, lifetimes in Redis'),
  },
  fields: {
    check: { type: 'text' },
    state: { type: 'text' },
    detail: { type: 'text' },
    help: { type: 'text' },
    fixed: { type: 'boolean', hidden: true, shownBy: 'fix' },
  },
  examples: ['doctor', 'doctor --json check,state,help', 'doctor --check backup', 'doctor --fix'],
  details: `The connection, the rollout and its schema, clocks, connections and transactions; replicas, Redis, what waits for it and how
long its keys live; seals, orders stuck PENDING, sessions of an earlier day, rules that cannot be evaluated, partitions
ahead; roles, the age of the key ring, the newest backup, room on the disk: ok, warn or fail, with what helps. Ends 6 where
a check fails; a warning alone ends 0. A database that cannot be reached is exit 7, as for every command. The proofs that
read everything: pinnacle doctor ledger, audit verify, keys verify, doctor realtime, backup verify --deep.`,
  async run({ check, fix }, ctx: Context) {
    const { runChecks } = await import('../../operations/health/run-checks.ts');
    const progress = await startProgress(ctx.io, 'examining the database');
    const names = check === undefined ? CHECKS : [check];
    const checks = await runChecks(ctx, names, fix && !ctx.dryRun).finally(() => progress.stop());
    if (checks.some(({ state }) => state === 'fail')) return new Finding(checks);
    await ctx.io.say('Whether the book is right, too: pinnacle doctor ledger');
    return checks;
  },
});
