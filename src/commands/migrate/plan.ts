import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { changesOf, lastPhase, readHistory, refuseChanged } from '../../operations/migrations/history.ts';
import { loadPhases, type Phase } from '../../operations/migrations/scripts.ts';
import { splitStatements } from '../../operations/migrations/split-statements.ts';
import { checkPhase, to } from './fields.ts';

export const plan = defineCommand({
  effect: 'read',
  args: {},
  flags: { to: to('stop at this phase; the last one when it is left out', 1) },
  fields: {
    phase: { type: 'integer' },
    statement: { type: 'integer' },
    line: { type: 'integer' },
    sql: { type: 'text' },
  },
  examples: ['migrate plan', 'migrate plan --to 2 --columns sql', 'migrate plan --json'],
  details:
    'A row for each line of SQL that `migrate up` would run, with its line in the script; --columns sql in a pipe gives the bare SQL. Nothing is written.',
  async run({ to }, ctx: Context) {
    const phases = await loadPhases();
    const goal = to ?? phases.length;
    checkPhase('--to', goal, phases);
    const db = await ctx.db();
    const record = await db.transaction().setAccessMode('read only').execute(readHistory);
    refuseChanged(changesOf(phases, record));
    const pending = phases.filter(({ phase }) => phase > lastPhase(record) && phase <= goal);
    if (pending.length === 0)
      await ctx.io.say(`Nothing to do: the database is at phase ${lastPhase(record)}.`);
    return pending.flatMap(linesOf);
  },
});

/** A line each, because a line break inside of a value is shown as `\u{a}`. */
function linesOf({ phase, up }: Phase) {
  return splitStatements(up.text).flatMap(({ sql, line }, i) =>
    `${sql};`
      .split('\n')
      .map((text, offset) => ({ phase, statement: i + 1, line: line + offset, sql: text })),
  );
}
