import { defineCommand } from '../../cli/command.ts';
import { optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId } from '../../domain/id.ts';
import { type Changes, changesSchema, strategyProblems } from '../../domain/strategy.ts';
import { usage } from '../../util/failure.ts';
import { changed, strategyFields } from './fields.ts';
import { columnFlags, fileFlag, readColumns } from './flags.ts';

export const update = defineCommand({
  effect: 'write',
  phase: 1,
  args: { strategy: parsed(strategyId, 'STRATEGY', 'the strategy') },
  flags: {
    file: fileFlag,
    name: optional(columnFlags.name),
    description: optional(columnFlags.description),
    category: optional(columnFlags.category),
    riskLevel: optional(columnFlags.riskLevel),
    minCapital: optional(columnFlags.minCapital),
    expectedReturn: optional(columnFlags.expectedReturn),
    maxDrawdown: optional(columnFlags.maxDrawdown),
    symbols: optional(columnFlags.symbols),
    parameters: optional(columnFlags.parameters),
  },
  fields: strategyFields,
  answer: changed('Updated'),
  examples: [
    'strategy update rsi_dmi --symbols RELIANCE,TCS,INFY',
    `strategy update rsi_dmi --parameters '{"rsi_period":21,"rsi_oversold":30,"rsi_overbought":70}'`,
  ],
  details: `Columns that are not given stay unchanged; --symbols and --parameters replace the previous value entirely. Users who run
it keep their allocations and overrides.`,
  async run(input, ctx: Context) {
    const { strategy_id = input.strategy, ...changes } = checked(await readColumns(input, ctx));
    if (strategy_id !== input.strategy)
      throw usage(`The file is of the strategy ${strategy_id}, not of ${input.strategy}.`);
    if (Object.keys(changes).length === 0)
      throw usage('Say what to change.', `For example: pinnacle ${update.examples[0]}`);
    const { updateStrategy } = await import('../../trading/strategies/update-strategy.ts');
    return updateStrategy(ctx, strategy_id, changes);
  },
});

function checked(columns: Record<string, unknown>): Changes {
  const result = changesSchema.safeParse(columns);
  if (result.success) return result.data;
  throw usage(strategyProblems(result.error).join('\n'), 'See: pinnacle strategy update --help');
}
