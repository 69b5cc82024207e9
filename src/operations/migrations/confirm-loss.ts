import { basename } from 'node:path';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { currentDatabase } from '../../platform/postgres/identifiers.ts';
import { pluralize } from '../../util/text.ts';
import type { Session } from './rollout-session.ts';
import { type Step, tablesOf } from './scripts.ts';

/**
 * Goes on only when the name of the database is typed, where the tables of these steps hold rows. Empty tables need no
 * confirmation.
 */
export async function confirmLoss(ctx: Context, session: Session, steps: readonly Step[]): Promise<void> {
  const tables = steps.flatMap((step) => tablesOf(step).reverse());
  const losses: string[] = [];
  for (const table of tables) {
    const rows = await countRows(session, table);
    if (rows > 0) losses.push(`${table} (${pluralize(rows, 'row')})`);
  }
  const phases = steps.filter(({ step }) => step === 1).map(({ phase, name }) => `${phase} ${name}`);
  const action = `Reverting ${phases.length === 1 ? 'phase' : 'phases'} ${phases.join(', ')}`;
  if (losses.length === 0) return ctx.io.say(`${action} drops ${tables.join(', ')}; all are empty.`);
  return ctx.confirmByName(await confirmationName(ctx, session), `${action} destroys ${losses.join(', ')}.`);
}

async function countRows({ db }: Session, table: string): Promise<number> {
  const { rows: found } = await sql`SELECT FROM pg_class WHERE oid = to_regclass(${table})`.execute(db);
  if (found.length === 0) return 0;
  // What the schema is set to goes with the schema, and is no data.
  const only = table === 'pinnacle_settings' ? sql`WHERE name NOT LIKE 'schema\\_%'` : sql``;
  const { rows } = await sql<{ n: string }>`SELECT count(*) AS n FROM ${sql.table(table)} ${only}`.execute(
    db,
  );
  return Number(rows[0]?.n);
}

/** The name to be typed, as the target line shows it: the database, or the folder of the embedded one. */
export async function confirmationName(ctx: Context, { connection, db }: Session): Promise<string> {
  if (connection.kind === 'embedded') return basename((await ctx.config()).dataDir);
  return currentDatabase(db);
}
