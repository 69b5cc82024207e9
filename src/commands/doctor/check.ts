import { defineCommand } from '../../cli/command.ts';
import { choice, optional, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { CHECKS } from '../../operations/health/checks.ts';

const NAMES = CHECKS.map(({ name }) => name);

export const check = defineCommand({
  effect: 'read',
  verdict: true,
  args: {},
  flags: {
    check: optional(choice(NAMES, 'NAME', 'run only this check')),
    fix: toggle('repair what needs no decision: missing seals, changes not yet in Redis, TTLs in Redis'),
  },
  fields: {
    check: { type: 'text' },
    state: { type: 'text', kind: 'state' },
    detail: { type: 'text' },
    help: { type: 'text', kind: 'command' },
    fixed: { type: 'boolean', hidden: true, shownWithFlag: 'fix' },
  },
  examples: ['doctor', 'doctor --json check,state,help', 'doctor --check backup', 'doctor --fix'],
  details: `Checks the server, the rollout and its schema; replicas, Redis and the outbox; leftovers of the trading day; roles, keys,
backups and the disk. One row per check: ok, warn or fail, with the command that helps. Ends 6 if a check
fails; warnings alone end 0. A database that cannot be reached is exit 7, as for every command;
without an embedded database the checks that need none still run. These read everything and
prove more: pinnacle doctor ledger, audit verify, keys verify, doctor realtime, backup verify --deep.`,
  async run({ check, fix }, ctx: Context) {
    const { runChecks } = await import('../../operations/health/run-checks.ts');
    const progress = await startProgress(ctx.io, 'checking the system');
    const isChosen = ({ name }: { name: string }) => check === undefined || name === check;
    const checks = await runChecks(ctx, isChosen, fix && !ctx.dryRun).finally(() => progress.stop());
    if (checks.some(({ state }) => state === 'fail')) return new Finding(checks);
    await ctx.io.say('To verify the book too: pinnacle doctor ledger');
    return checks;
  },
});
