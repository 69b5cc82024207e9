import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import {
  type Change,
  changesOf,
  describeLacking,
  lastPhase,
  pendingSteps,
  phaseStates,
  readHistory,
  refuseChanged,
  stepStates,
} from './history.ts';
import { assertPhaseExists, loadSteps, newestPhase, type Step } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** Every phase, or every step, with its state: applied, pending, changed, or partial for a phase that lacks steps. */
export async function listPhases(ctx: Context, bySteps: boolean) {
  const [steps, history] = await Promise.all([loadSteps(), ctx.db().then(readHistory)]);
  if (bySteps) return stepStates(steps, history);
  for (const lack of describeLacking(steps, history))
    await ctx.io.say(`${lack.replace('phase', 'Phase')}. Run: pinnacle migrate up`);
  return phaseStates(steps, history);
}

/** The scripts that differ from those that were applied, by SHA-256. */
export async function verifyScripts(ctx: Context): Promise<Change[]> {
  const [steps, history] = await Promise.all([loadSteps(), ctx.db().then(readHistory)]);
  const changes = changesOf(steps, history);
  if (changes.length === 0)
    await ctx.io.say(`The scripts of ${pluralize(history.length, 'applied step')} are unchanged.`);
  return changes;
}

/** One line of SQL of a pending step, with its line in the script. */
export interface PlannedLine {
  phase: number;
  statement: number;
  line: number;
  sql: string;
}

/** The SQL that `migrate up` would run, line by line. Reads only. */
export async function planPhases(ctx: Context, to: number | undefined): Promise<PlannedLine[]> {
  const steps = await loadSteps();
  const goal = to ?? newestPhase(steps);
  assertPhaseExists('--to', goal, steps);
  const db = await ctx.db();
  const history = await db.transaction().setAccessMode('read only').execute(readHistory);
  refuseChanged(changesOf(steps, history));
  const pending = pendingSteps(steps, history, goal);
  if (pending.length === 0)
    await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
  return pending.flatMap(linesOf);
}

/** One row per line, because a line break inside a value is printed as `\u{a}`. */
function linesOf({ phase, up }: Step): PlannedLine[] {
  return splitStatements(up.text).flatMap(({ sql, line }, i) =>
    `${sql};`
      .split('\n')
      .map((text, offset) => ({ phase, statement: i + 1, line: line + offset, sql: text })),
  );
}
