import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  status: verb('Show which phases are applied', async () => (await import('./status.ts')).status),
  plan: verb('Show the SQL that up would run', async () => (await import('./plan.ts')).plan),
  up: verb('Apply the pending phases', async () => (await import('./up.ts')).up),
  down: verb('Revert phases, dropping their tables', async () => (await import('./down.ts')).down),
  redo: verb('Revert the last phase and apply it again', async () => (await import('./redo.ts')).redo),
  verify: verb(
    'Compare the scripts with those that were applied',
    async () => (await import('./verify.ts')).verify,
  ),
  drift: verb('Compare the database with the scripts', async () => (await import('./drift.ts')).drift),
  baseline: verb(
    'Record phases as applied without running them',
    async () => (await import('./baseline.ts')).baseline,
  ),
  adopt: verb('Take over tables that another program made', async () => (await import('./adopt.ts')).adopt),
  repair: verb(
    'Record changed scripts as applied, after a review',
    async () => (await import('./repair.ts')).repair,
  ),
};
