import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import { type Change, changesOf, lastPhase, readHistory, refuseChanged, statusOf } from './history.ts';
import { assertPhaseExists, loadPhases, type Phase } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** Every phase with its state: applied, pending or changed. */
export async function listPhases(ctx: Context) {
  const [phases, history] = await Promise.all([loadPhases(), ctx.db().then(readHistory)]);
  return statusOf(phases, history);
}

/** The scripts that differ from those that were applied, by SHA-256. */
export async function verifyScripts(ctx: Context): Promise<Change[]> {
  const [phases, history] = await Promise.all([loadPhases(), ctx.db().then(readHistory)]);
  const changes = changesOf(phases, history);
  if (changes.length === 0)
    await ctx.io.say(`The scripts of ${pluralize(history.length, 'applied phase')} are unchanged.`);
  return changes;
}

/** One line of SQL of a pending phase, with its line in the script. */
export interface PlannedLine {
  phase: number;
  statement: number;
  line: number;
  sql: string;
}

/** The SQL that `migrate up` would run, line by line. Reads only. */
export async function planPhases(ctx: Context, to: number | undefined): Promise<PlannedLine[]> {
  const phases = await loadPhases();
  const goal = to ?? phases.length;
  assertPhaseExists('--to', goal, phases);
  const db = await ctx.db();
  const history = await db.transaction().setAccessMode('read only').execute(readHistory);
  refuseChanged(changesOf(phases, history));
  const pending = phases.filter(({ phase }) => phase > lastPhase(history) && phase <= goal);
  if (pending.length === 0)
    await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(history)}.`);
  return pending.flatMap(linesOf);
}

/** One row per line, because a line break inside a value is printed as `\u{a}`. */
function linesOf({ phase, up }: Phase): PlannedLine[] {
  return splitStatements(up.text).flatMap(({ sql, line }, i) =>
    `${sql};`
      .split('\n')
      .map((text, offset) => ({ phase, statement: i + 1, line: line + offset, sql: text })),
  );
}
