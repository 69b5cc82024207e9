import { sql } from 'kysely';
import { writeAudits } from '../../audit/log.ts';
import type { Trx } from '../../audit/transaction.ts';
import { defineCommand } from '../../cli/command.ts';
import { inputFile } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import type { StrategyId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import type { Strategy } from '../../domain/strategy.ts';
import type { Numbered } from '../../platform/files/open-table.ts';
import { violatedConstraint } from '../../platform/postgres/errors.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { STRATEGY_COLUMNS } from '../../trading/strategies/store.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { importFlags, importSmall, repeated } from '../_shared/import-rows.ts';
import { parseStrategy, STRATEGY_FILE } from './import-row.ts';

export const importStrategies = defineCommand({
  effect: 'write',
  entries: 'each',
  phase: 1,
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: importFlags,
  fields: {
    imported: { type: 'integer' },
    rejected: { type: 'integer' },
    rejects_file: { type: 'text' },
  },
  answer: ({ imported }) => ({
    done: `Imported ${pluralize(Number(imported), 'strategy', 'strategies')}`,
    next: ['strategy', 'list'],
  }),
  examples: ['strategy import strategies.ndjson', 'strategy import strategies.csv --keep-going'],
  details: `Columns: ${STRATEGY_FILE.required.join(',')}, by the rules of strategy add. In CSV parameters
are JSON, and symbols JSON or words. The import is atomic unless --keep-going is given. Ends 6 if lines were rejected.`,
  async run(input, ctx: Context) {
    return importSmall(ctx, input, {
      columns: STRATEGY_FILE,
      read: parseStrategy,
      refuse: refuseStrategies,
      write: (trx, rows) => writeStrategies(trx, rows, ctx),
      extra: () => ({}),
      target: 'strategies',
    });
  },
});

async function refuseStrategies(trx: Trx, rows: readonly Numbered<Strategy>[]) {
  const ids = rows.map(({ value }) => value.strategy_id);
  const there = await trx.db
    .selectFrom('strategies')
    .select('strategy_id')
    .where('strategy_id', '=', (eb) => eb.fn<StrategyId>('any', [eb.val(ids)]))
    .execute();
  const taken = new Set(there.map((row) => row.strategy_id));
  return repeated(rows, 'strategy_id', ({ strategy_id }) => strategy_id, taken);
}

async function writeStrategies(trx: Trx, rows: readonly Strategy[], ctx: Context): Promise<void> {
  const strategies = rows.map((row) => ({
    ...row,
    symbols: JSON.stringify(row.symbols),
    parameters: JSON.stringify(row.parameters),
  }));
  const { rows: written } = await sql<{ strategy_id: StrategyId }>`
    INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
      max_drawdown, symbols, parameters, created_at)
    SELECT strategy_id, name, description, category, risk_level, min_capital, expected_return_annual, max_drawdown,
      symbols::json, parameters::json, ${instant(ctx.now())}::timestamp
    FROM ${unnest('s', TYPES, strategies)}
    RETURNING ${sql.join(STRATEGY_COLUMNS.map((name) => sql.ref(name)))}`
    .execute(trx.db)
    .catch((error) => {
      if (!violatedConstraint(error, 'strategies_pkey')) throw error;
      throw refused('STRATEGY_EXISTS', 'One of these strategies was added concurrently.', 'Run it again.');
    });
  await writeAudits(
    trx.db,
    ctx.origin,
    written.map((strategy) => ({ target: `strategy ${strategy.strategy_id}`, body: { strategy } })),
  );
}

const TYPES = {
  strategy_id: 'text',
  name: 'text',
  description: 'text',
  category: 'text',
  risk_level: 'text',
  min_capital: 'float8',
  expected_return_annual: 'float8',
  max_drawdown: 'float8',
  symbols: 'text',
  parameters: 'text',
} as const;
