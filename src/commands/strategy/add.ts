import { defineCommand } from '../../cli/command.ts';
import { parsed, requiredUnless } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { newStrategyId } from '../../domain/id.ts';
import { strategyProblems, strategySchema } from '../../domain/strategy.ts';
import { usage } from '../../util/failure.ts';
import { changed, strategyFields } from './fields.ts';
import { columnFlags, fileFlag, readColumns } from './flags.ts';

export const add = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: {},
  flags: {
    file: fileFlag,
    strategyId: requiredUnless('file', parsed(newStrategyId, 'ID', 'the id')),
    name: requiredUnless('file', columnFlags.name),
    description: requiredUnless('file', columnFlags.description),
    category: requiredUnless('file', columnFlags.category),
    riskLevel: requiredUnless('file', columnFlags.riskLevel),
    minCapital: requiredUnless('file', columnFlags.minCapital),
    expectedReturn: requiredUnless('file', columnFlags.expectedReturn),
    maxDrawdown: requiredUnless('file', columnFlags.maxDrawdown),
    symbols: requiredUnless('file', columnFlags.symbols),
    parameters: requiredUnless('file', columnFlags.parameters),
  },
  fields: strategyFields,
  answer: changed('Added'),
  examples: [
    'strategy add --file rsi_dmi.json',
    `strategy add --strategy-id momentum_rs --name "Relative strength" --description "Buys the strongest" --category momentum --risk-level Medium --min-capital 100000 --expected-return 18 --max-drawdown 20 --symbols RELIANCE,TCS --parameters '{"lookback":126}'`,
  ],
  async run(input, ctx: Context) {
    const checked = strategySchema.safeParse(await readColumns(input, ctx));
    if (!checked.success)
      throw usage(
        strategyProblems(checked.error).join('\n'),
        'Give what is missing in the file or as flags: pinnacle strategy add --help',
      );
    const { addStrategy } = await import('../../trading/strategies/add-strategy.ts');
    return addStrategy(ctx, checked.data);
  },
});
