import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, requiredUnless, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { changeStatus } from '../../trading/strategies/change-status.ts';
import { usage } from '../../util/failure.ts';
import { activationFields, turned } from './fields.ts';

export const resume = defineCommand({
  effect: 'write',
  phase: 2,
  args: { strategy: requiredUnless('all', parsed(strategyId, 'STRATEGY', 'the strategy')) },
  flags: {
    user: requiredUnless('all', parsed(userId, 'USER', 'the user; with --all, only of this user')),
    all: toggle('every strategy that one halt paused'),
    halt: optional(text('HALT', 'with --all: that halt, by its id or its reason')),
  },
  fields: {
    ...activationFields,
    problem: { type: 'text', onlyWithFlag: 'all', optional: true },
  },
  answer: turned('Resumed'),
  examples: ['strategy resume rsi_dmi --user trader_001', 'strategy resume --all --halt "exchange outage"'],
  details: `For a strategy that is PAUSED. Refused while the strategy or the user is disabled, or trading is halted. --all resumes what
a halt paused that was lifted since, but for what was paused, resumed, stopped or activated by hand meanwhile; risk resume prints the id of
the halt. What stays PAUSED is listed with the problem, and ends 6.`,
  async run({ strategy, user, all, halt }, ctx: Context) {
    if (!all && halt !== undefined) throw usage('--halt needs --all.');
    if (strategy !== undefined && user !== undefined && !all)
      return changeStatus(ctx, user, strategy, 'ACTIVE');
    if (strategy !== undefined) throw usage('Name a STRATEGY or give --all, not both.');
    const { resumeStrategies } = await import('../../trading/strategies/resume-strategies.ts');
    return resumeStrategies(ctx, halt, user);
  },
});
