import { basename } from 'node:path';
import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
import type { Session } from './rollout-session.ts';
import { type Phase, tablesOf } from './scripts.ts';

/** Where these phases' tables hold rows, goes on only when the name of the database is typed out; empty ones just go. */
export async function confirmLoss(ctx: Context, session: Session, phases: readonly Phase[]): Promise<void> {
  const tables = phases.flatMap((phase) => tablesOf(phase).reverse());
  const losses: string[] = [];
  for (const table of tables) {
    const rows = await countRows(session, table);
    if (rows > 0) losses.push(`${table} (${pluralize(rows, 'row')})`);
  }
  const which = phases.map(({ phase, name }) => `${phase} ${name}`).join(', ');
  const what = `Taking back ${phases.length === 1 ? 'phase' : 'phases'} ${which}`;
  if (losses.length === 0) return ctx.io.say(`${what} drops ${tables.join(', ')}: all empty.`);
  return ctx.agreeByName(await nameOf(ctx, session), `${what} destroys ${losses.join(', ')}.`);
}

async function countRows({ db }: Session, table: string): Promise<number> {
  const { rows: found } = await sql`SELECT FROM pg_class WHERE oid = to_regclass(${table})`.execute(db);
  if (found.length === 0) return 0;
  const { rows } = await sql<{ n: string }>`SELECT count(*) AS n FROM ${sql.table(table)}`.execute(db);
  return Number(rows[0]?.n);
}

/** The name at stake, as the target line shows it: the profile that is protected, the database, or the data folder. */
export async function nameOf(ctx: Context, { connection, db }: Session): Promise<string> {
  const profile = await ctx.protection();
  if (profile) return profile;
  if (connection.kind === 'embedded') return basename((await ctx.config()).dataDir);
  const { rows } = await sql<{ name: string }>`SELECT current_database() AS name`.execute(db);
  return rows[0]?.name ?? '';
}
